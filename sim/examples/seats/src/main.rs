//! A box office that sells numbered seats, each at most once, and what is claimed of it.
//!
//! `desk`, `in_redis` and `ledger` are the service, as in production. `world` is where it runs and who buys, `stories` what
//! is claimed, and `mistakes` what the claims must detect. `sim/GUIDE.md` leads through all of it.

mod desk;
mod in_redis;
mod ledger;
mod mistakes;
mod stories;
mod world;

use sim::prelude::*;
use std::process::ExitCode;

fn main() -> ExitCode {
    let about = "A box office that sells numbered seats, each at most once";
    Suite::new("seats", about, "cargo run -p seats --")
        .scenario(stories::rush())
        .scenario(stories::failover_in_mid_sale())
        .scenario(stories::swarm())
        .bug(mistakes::GET_THEN_SET)
        .bug(mistakes::REDIS_ALONE)
        .regressions(concat!(env!("CARGO_MANIFEST_DIR"), "/regressions"))
        .main()
}
