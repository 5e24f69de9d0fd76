//! The disk of the directory has no room for more: reading goes on, and nothing new can be kept.
//!
//! Nobody can log in, people who are logged in stay so, and every replica says what is wrong with which part. When there is room
//! again everything goes on by itself; but whoever makes room locks the directory once more. (Inventory 25, 26, 27.)

use crate::{
    catalogue::marks::{refused_with, somebody_logged_in},
    property::{
        CodeRedeemedOnce, EmailCodeOnce, ErrorsExplained, EveryReplicaServes, EveryoneCanLogIn, HealthTells,
        PortStaysOpen, RightCodesAdmitted, SessionsSurvive,
    },
    scenario::{Logins, Monitor, Probe, Visitors, World, directory_busy, directory_full, ms, secs},
    vocabulary::{Faults, Scenario},
};

pub(crate) fn disk_is_full() -> Scenario {
    Scenario::new("disk_is_full", "the disk of the directory has no room for more")
        .covering(&[25, 26, 27])
        .world(World::standard())
        .workload(Visitors::looking(3, 12, secs(2)))
        .workload(Logins::people(24).from(secs(3)).every(ms(500)))
        .workload(Logins::people(4).from(secs(34)).every(secs(1)))
        .workloads(Probe::everything_from(secs(38)))
        .workload(Monitor::every(secs(2)))
        .faults(
            Faults::new()
                .at(secs(6)..secs(9), directory_full(secs(14)))
                .at(secs(24), directory_busy(secs(5)))
                .heal_at(secs(29)),
        )
        .always(HealthTells)
        .always(PortStaysOpen)
        .always(RightCodesAdmitted)
        .always(CodeRedeemedOnce)
        .always(EmailCodeOnce)
        .always(SessionsSurvive::settling_within(secs(2)))
        .always(ErrorsExplained)
        .eventually(EveryoneCanLogIn::within(secs(15)).settling(secs(5)))
        .eventually(EveryReplicaServes::within(secs(6)).settling(secs(4)))
        .sometimes("somebody logged in", somebody_logged_in)
        .sometimes(
            "somebody was told to try again",
            refused_with("temporarily-unavailable"),
        )
        .lasts(secs(55))
}
