//! The clock of the machine with the Redis master is set, forward or back by some minutes, while people log in.
//!
//! All replicas go by that clock, so what they have begun ends so much earlier or later, and nothing else happens: no code is
//! redeemed twice, nothing is kept for longer than documented, and who begins afterwards notices nothing. (Inventory 7, 24, 49.)

use crate::{
    catalogue::marks::somebody_logged_in,
    oddities::ends::spread,
    property::{CodeRedeemedOnce, EmailCodeOnce, SessionsSurvive, StolenCodesUseless},
    scenario::{CodeThief, Logins, Visitors, World, clock_jump, hosts::*, ms, secs},
    vocabulary::{Faults, Plan, Scenario},
};
use sim::scenario::Dice;

/// By how much, milliseconds: less and more than a code lives, and less than clocks may differ.
const BY_MS: [i64; 4] = [45_000, -45_000, 200_000, -200_000];
/// How long the run lasts, seconds.
const LASTS_S: u64 = 160;

pub(crate) fn redis_clock_is_set() -> Scenario {
    Scenario::new(
        "redis_clock_is_set",
        "the clock of the Redis master is set forward or back by some minutes while people log in",
    )
    .covering(&[7, 24, 49])
    .world(World::standard().calls_wait(60, ms(60)))
    .workload(Logins::people(60).from(secs(3)).every(ms(1_200)))
    .workload(Visitors::looking(2, 12, secs(5)).from(secs(3)).every(secs(2)))
    .workload(CodeThief::replays_after(&[secs(20), secs(45), secs(75)]))
    .faults(
        Faults::new()
            .one_at(secs(30)..secs(40), BY_MS.map(|by_ms| clock_jump(REDIS_1, by_ms)))
            .heal_at(secs(120)),
    )
    .drawn(|seed, plan: &mut Plan| {
        let mut dice = Dice::of(seed, "redis clock is set");
        plan.world.code_ttl_s = 30;
        plan.operations.extend(spread(&plan.world, LASTS_S, &mut dice));
        plan.operations.sort_by_key(|operation| operation.at_ms);
    })
    .always(CodeRedeemedOnce)
    .always(EmailCodeOnce)
    .always(StolenCodesUseless)
    .always(SessionsSurvive::settling_within(secs(0)))
    .sometimes("somebody logged in", somebody_logged_in)
    .lasts(secs(LASTS_S))
}
