//! One code is presented everywhere at once, burnt, stolen and replayed.
//!
//! First nothing is broken: relying parties race their own codes at both replicas, somebody burns
//! codes with wrong verifiers, a thief replays every code. Then the links to Redis lose packets, so
//! that replies come late or never. (Inventory 7, 23.)

use super::marks::{marked, refused_with, somebody_in_doubt};
use crate::{
    property::{CodeRedeemedOnce, EmailCodeOnce, EveryoneCanLogIn, RightfulCodeHonoured, StolenCodesUseless},
    scenario::{BurntCodes, CodeThief, Faults, Logins, Racers, Scenario, hosts::*, latency, loss, ms, secs},
};

pub(super) fn code_race() -> Scenario {
    Scenario::new(
        "code_race",
        "one code is presented everywhere at once, burnt, stolen and replayed",
    )
    .covering(&[7, 23])
    .workload(Racers::people(6).every(secs(1)))
    .workload(BurntCodes::people(6).every(secs(1)))
    .workload(Racers::people(8).from(secs(14)).every(secs(1)))
    .workload(Logins::people(3).from(secs(48)).every(secs(1)))
    .workload(CodeThief::replays_after(&[ms(300), secs(4)]))
    .faults(
        Faults::new()
            .at(secs(17)..secs(18), loss(IDP_A, REDIS_1, 20))
            .and(loss(IDP_B, REDIS_1, 20))
            .then(secs(2)..secs(4), latency(IDP_A, REDIS_1, ms(300)))
            .heal_at(secs(27)),
    )
    .always(CodeRedeemedOnce)
    .always(StolenCodesUseless)
    .always(RightfulCodeHonoured)
    .always(EmailCodeOnce)
    .eventually(EveryoneCanLogIn::within(secs(20)))
    .sometimes("a presentation was refused", refused_with("invalid_grant"))
    .sometimes(
        "a race for a code was lost at the store",
        marked("a race for a code was lost"),
    )
    .sometimes("an operation ended in doubt", somebody_in_doubt)
    .lasts(secs(72))
}
