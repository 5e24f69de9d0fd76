//! One code is presented at all replicas at once, burnt, stolen and replayed.
//!
//! First nothing is broken: relying parties present their own codes to both replicas at once, an attacker burns codes
//! with wrong verifiers, a thief replays every code, and an eavesdropper types a mailed code after its owner. Then
//! Redis's answers to one replica are lost, and the links to it lose packets: a code may be taken although no replica
//! learns of it. (Inventory 7, 23.)

use crate::{
    catalogue::marks::{marked, refused_to, refused_with},
    property::{
        CodeRedeemedOnce, EmailCodeOnce, EveryReplicaServes, EveryoneCanLogIn, ReplicationCatchesUp,
        RightfulCodeHonoured, StolenCodesUseless,
    },
    scenario::{
        BurntCodes, CodeThief, Eavesdropper, Logins, Probe, Racers, World, cut_one_way, hosts::*, loss, mend, ms, secs,
    },
    vocabulary::{Faults, Scenario},
};

pub(crate) fn code_race() -> Scenario {
    Scenario::new(
        "code_race",
        "one code is presented everywhere at once, burnt, stolen and replayed",
    )
    .covering(&[7, 23])
    .world(World::standard().links_take_up_to(ms(15)..ms(30)))
    .workload(Racers::people(6).every(secs(1)))
    .workload(BurntCodes::people(6).every(secs(1)))
    .workload(Racers::people(20).from(secs(12)).every(ms(400)))
    .workload(Logins::people(3).from(secs(33)).every(secs(1)))
    .workload(Logins::of("vera").from(secs(2)))
    .workload(Eavesdropper::of("vera", secs(4)))
    .workload(CodeThief::replays_after(&[ms(300), secs(4)]))
    .workloads(Probe::everything_from(secs(34)))
    .faults(
        Faults::new()
            .at(secs(15)..secs(17), cut_one_way(REDIS_1, IDP_A))
            .then(ms(900)..secs(3), mend(REDIS_1, IDP_A))
            .then(ms(100)..secs(2), loss(IDP_A, REDIS_1, 20))
            .and(loss(IDP_B, REDIS_1, 20))
            .heal_at(secs(27)),
    )
    .always(CodeRedeemedOnce)
    .always(StolenCodesUseless)
    .always(RightfulCodeHonoured)
    .always(EmailCodeOnce)
    .eventually(EveryoneCanLogIn::within(secs(6)).settling(secs(5)))
    .eventually(EveryReplicaServes::within(secs(8)).settling(secs(5)))
    .eventually(ReplicationCatchesUp::within(secs(6)))
    .sometimes(
        "a mailed code was refused to an eavesdropper",
        refused_to("eavesdropper", "wrong-code"),
    )
    .sometimes("a presentation was refused", refused_with("invalid_grant"))
    .sometimes(
        "a race for a code was lost at the store",
        marked("a race for a code was lost"),
    )
    .sometimes("nobody knew what Redis had done", marked("store outcome unknown"))
    .lasts(secs(45))
}
