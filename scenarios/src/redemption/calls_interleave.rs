//! Time passes between any two calls of a replica. Some calls that take a code from Redis fail, and of others the
//! answer is lost.
//!
//! Each code is presented to both replicas at once. If Redis does not say which replica was first, the ledger in the
//! directory decides, and the other replica may run between any two reads of the ledger. (Inventory 7, 23, 27.)

use crate::{
    catalogue::marks::marked,
    property::{
        CodeRedeemedOnce, EmailCodeOnce, ErrorsExplained, EveryReplicaServes, EveryoneCanLogIn, RightfulCodeHonoured,
        StolenCodesUseless,
    },
    scenario::{CodeThief, Logins, Probe, Racers, World, answer_lost, call_fails, hosts::*, ms, secs},
    vocabulary::{Faults, Scenario},
};

/// The call that decides which replica was first.
const TAKE: &str = "store take auth:oidc:code";

pub(crate) fn calls_interleave() -> Scenario {
    let mut faults = Faults::new();
    for second in [3, 4, 5, 6, 7, 8] {
        let (one, other) = if second % 2 == 0 {
            (IDP_A, IDP_B)
        } else {
            (IDP_B, IDP_A)
        };
        faults = faults
            .at(secs(second)..secs(second + 1), call_fails(one, TAKE, "READONLY"))
            .and(call_fails(other, TAKE, "NOREPLICAS"));
    }
    for second in [16, 19] {
        faults = faults
            .at(secs(second), answer_lost(IDP_A, TAKE, "reset"))
            .and(answer_lost(IDP_B, TAKE, "timeout"));
    }
    Scenario::new(
        "calls_interleave",
        "time passes between any two calls of a replica, and Redis fails at the taking of a code here and there",
    )
    .covering(&[7, 23, 27])
    .world(World::standard().calls_wait(70, ms(40)))
    .workload(Racers::people(10).from(secs(2)).every(ms(600)))
    .workload(Logins::people(5).from(secs(13)).every(ms(1500)))
    .workload(CodeThief::replays_after(&[secs(2)]))
    .workloads(Probe::everything_from(secs(40)))
    .faults(faults.heal_at(secs(30)))
    .always(CodeRedeemedOnce)
    .always(StolenCodesUseless)
    .always(RightfulCodeHonoured)
    .always(EmailCodeOnce)
    .always(ErrorsExplained)
    .eventually(EveryoneCanLogIn::within(secs(20)).at_any_time())
    .eventually(EveryReplicaServes::within(secs(8)).settling(secs(5)))
    .sometimes(
        "the ledger refused what the store had let through",
        marked("redemption met a spent code"),
    )
    .sometimes(
        "nobody knew whether a code was taken",
        marked("an authorization code may be in the store still"),
    )
    .lasts(secs(55))
}
