//! A box office that sells numbered seats, each at most once: the example of `sim/GUIDE.md`.

mod desk; // the service: HTTP,
mod in_redis; // a fast answer,
mod ledger; // and the last word
mod mistakes; // what the claims must detect
mod stories; // what is claimed, and when it must hold
mod world; // who buys, and the hosts

use sim::prelude::*;

fn main() -> ExitCode {
    let about = "A box office that sells numbered seats, each at most once";
    Suite::new("seats", about, "cargo run -p seats --")
        .built_from(sim::build_identity!())
        .scenario(stories::rush())
        .scenario(stories::failover_in_mid_sale())
        .scenario(stories::swarm())
        .bug(mistakes::GET_THEN_SET)
        .bug(mistakes::REDIS_ALONE)
        .regressions(concat!(env!("CARGO_MANIFEST_DIR"), "/regressions"))
        .main()
}
