//! The disk of the directory hangs: each commit takes many seconds. Nothing new can be kept for as long, what is there can be
//! read, and every replica says with its health that the directory does not work.
//!
//! Seen in real systems: a look at health that waited for the disk itself, and an answer to the monitor from before the disk
//! hung. (Inventory 26, 28.)

use crate::{
    catalogue::marks::{fault_hit_somebody, somebody_logged_in},
    property::{
        CodeRedeemedOnce, EmailCodeOnce, ErrorsExplained, EveryReplicaServes, EveryoneCanLogIn, HealthTells,
        PortStaysOpen, RightCodesAdmitted, SessionsSurvive, StallsBounded,
    },
    scenario::{Logins, Monitor, Probe, Visitors, World, disk_slow, hosts::*, ms, secs},
    vocabulary::{Faults, Scenario},
};

pub(crate) fn disk_hangs() -> Scenario {
    let hangs = |host| [5, 7, 10].map(|by_s| disk_slow(host, secs(by_s), secs(20)));
    Scenario::new(
        "disk_hangs",
        "the disk of the directory hangs for seconds at each commit",
    )
    .covering(&[26, 28])
    .world(World::standard().links_take_up_to(ms(10)..ms(30)))
    .workload(Visitors::looking(3, 25, secs(1)))
    .workload(Logins::people(30).from(secs(3)).every(ms(400)))
    .workload(Logins::people(4).from(secs(60)).every(secs(1)))
    .workloads(Probe::everything_from(secs(64)))
    .workload(Monitor::every(secs(2)))
    .faults(
        Faults::new()
            .one_at(secs(8), hangs(IDP_A))
            .one_at(secs(8), hangs(IDP_B))
            .heal_at(secs(30)),
    )
    .always(HealthTells)
    .always(PortStaysOpen)
    .always(RightCodesAdmitted)
    .always(
        StallsBounded::pages(ms(500))
            .and_commits(5)
            .looks(ms(250))
            .settling(secs(5)),
    )
    .always(CodeRedeemedOnce)
    .always(EmailCodeOnce)
    .always(SessionsSurvive::settling_within(secs(2)))
    .always(ErrorsExplained)
    .eventually(EveryoneCanLogIn::within(secs(15)).settling(secs(20)))
    .eventually(EveryReplicaServes::within(secs(6)).settling(secs(20)))
    .sometimes("somebody was there while the disk hung", fault_hit_somebody)
    .sometimes("somebody logged in", somebody_logged_in)
    .lasts(secs(85))
}
