//! People come just before and just after the end of lifetimes, and the directory is locked for some seconds now and then.
//!
//! What was in time when it came is over when the directory fails: whoever gives it back finds that there is nothing left to
//! give back, and nobody is told to try again with what is over. (Inventory 7, 24, 27.)

use super::ends::{coming, waiting};
use crate::{
    catalogue::marks::somebody_logged_in,
    property::{CodeRedeemedOnce, EmailCodeOnce},
    scenario::{Logins, Visitors, World, directory_busy, ms, secs},
    vocabulary::{Faults, Plan, Scenario, WorldOptions},
};
use sim::scenario::Dice;

/// How often the directory is locked, from when on, how far apart, and for how long, milliseconds.
const TIMES: u64 = 9;
const FROM_MS: u64 = 14_000;
const EVERY_MS: u64 = 7_000;
const LOCKED_MS: u64 = 2_500;
/// When people come who wait, milliseconds.
const COME_MS: std::ops::Range<u64> = 4_000..50_000;

pub(super) fn edges_while_locked() -> Scenario {
    let faults = (0..TIMES).fold(Faults::new(), |faults, n| {
        let from = ms(FROM_MS + n * EVERY_MS);
        faults.at(from..from + ms(3_000), directory_busy(ms(LOCKED_MS)))
    });
    Scenario::new(
        "edges_while_locked",
        "people come just before and just after the end of lifetimes, and the directory is locked now and then",
    )
    .covering(&[7, 24, 27])
    .world(World::standard())
    .workload(Logins::people(20).from(secs(3)).every(secs(3)))
    .workload(Visitors::looking(2, 12, secs(3)).from(secs(3)).every(secs(2)))
    .faults(faults.heal_at(secs(80)))
    .drawn(draw)
    .always(CodeRedeemedOnce)
    .always(EmailCodeOnce)
    .sometimes("somebody logged in", somebody_logged_in)
    .lasts(secs(100))
}

/// Three of each of those who wait.
fn draw(seed: u64, plan: &mut Plan) {
    let mut dice = Dice::of(seed, "edges while locked");
    plan.world = WorldOptions {
        code_ttl_s: 5,
        access_token_ttl_s: 15,
        session_ttl_s: 30,
        send_once_s: 8,
        ..plan.world.clone()
    };
    let three_of_each = (0..3).flat_map(|_| waiting(&plan.world));
    let came = coming(three_of_each, &mut dice, |one| {
        (one.ends_s <= plan.world.session_ttl_s).then_some((COME_MS.start, COME_MS.end))
    });
    plan.operations.extend(came);
    plan.operations.sort_by_key(|operation| operation.at_ms);
}
