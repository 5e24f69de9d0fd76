//! A signing key in the directory is damaged, or made by a newer release, and a replica starts meanwhile.
//!
//! It can prove nothing to anybody, so it keeps its port closed and says which key it is and what is wrong with it. It makes no
//! key of its own instead (inventory 25). Whoever has read the keys before goes on, and so does the other when the key is mended.
//! (Inventory 25, 26, 40.)

use super::Damage;
use crate::{
    catalogue::marks::somebody_logged_in,
    property::{
        CodeRedeemedOnce, EmailCodeOnce, ErrorsExplained, EveryReplicaServes, EveryoneCanLogIn, HealthTells,
        PortStaysOpen, SessionsSurvive,
    },
    scenario::{Logins, Monitor, Probe, Visitors, World, hosts::*, kill, ms, secs, signing_key_damaged, start},
    vocabulary::{Faults, Scenario},
};

/// For how long the key is damaged.
const LASTS: std::time::Duration = secs(20);

pub(crate) fn signing_key_damaged_meanwhile() -> Scenario {
    Scenario::new(
        "signing_key_damaged",
        "a signing key cannot be read while a replica starts",
    )
    .covering(&[25, 26, 40])
    .world(World::standard())
    .workload(Visitors::looking(3, 12, secs(2)))
    .workload(Logins::people(24).from(secs(3)).every(ms(900)))
    .workload(Logins::people(4).from(secs(36)).every(secs(1)))
    .workloads(Probe::everything_from(secs(40)))
    .workload(Monitor::every(secs(2)))
    .faults(
        Faults::new()
            .one_at(
                secs(6)..secs(8),
                vec![
                    signing_key_damaged(Damage::Es256, LASTS),
                    signing_key_damaged(Damage::Rs256, LASTS),
                    signing_key_damaged(Damage::Unknown, LASTS),
                ],
            )
            .at(secs(9)..secs(11), kill(IDP_B))
            .then(ms(500)..secs(1), start(IDP_B))
            .heal_at(secs(30)),
    )
    .always(HealthTells)
    .always(PortStaysOpen)
    .always(CodeRedeemedOnce)
    .always(EmailCodeOnce)
    .always(SessionsSurvive::settling_within(secs(2)))
    .always(ErrorsExplained)
    .eventually(EveryoneCanLogIn::within(secs(15)).settling(secs(5)))
    .eventually(EveryReplicaServes::within(secs(6)).settling(secs(4)))
    .sometimes("somebody logged in", somebody_logged_in)
    .lasts(secs(57))
}
