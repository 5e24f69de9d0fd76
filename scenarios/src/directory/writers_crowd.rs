//! The disk is slow under one replica, and so many people log in that somebody waits to write there at every moment.
//!
//! SQLite's lock is not fair: it goes to whoever asks first when it is free, and a replica that always has somebody who waits could
//! ask again at once after each of its commits. The other one would never write. It waits for a few commits at most. (Inventory
//! 27, 28.)

use crate::{
    catalogue::marks::{marked, somebody_logged_in},
    property::{
        CodeRedeemedOnce, EmailCodeOnce, ErrorsExplained, EveryReplicaServes, EveryoneCanLogIn, RightfulCodeHonoured,
        SessionsSurvive, StallsBounded,
    },
    scenario::{Logins, Probe, Visitors, World, disk_slow, hosts::*, ms, secs},
    vocabulary::{Faults, Scenario},
};

pub(crate) fn writers_crowd() -> Scenario {
    let slow = [8, 15, 30, 50].map(|by_ms| disk_slow(IDP_A, ms(by_ms), secs(9)));
    Scenario::new(
        "writers_crowd",
        "the disk is slow under one replica, at which somebody waits to write at every moment",
    )
    .covering(&[27, 28])
    .world(World::standard())
    .workload(Visitors::looking(2, 10, secs(1)))
    .workload(Logins::people(150).from(secs(3)).every(ms(50)))
    .workload(Probe::of(IDP_B).called("early-b").from(secs(6)))
    .workload(Probe::of(IDP_B).called("second-b").from(secs(8)))
    .workload(Probe::of(IDP_B).called("third-b").from(secs(10)))
    .workloads(Probe::everything_from(secs(20)))
    .faults(Faults::new().one_at(secs(4), slow).heal_at(secs(14)))
    .always(StallsBounded::pages(ms(500)).and_commits(5).settling(secs(3)))
    .always(CodeRedeemedOnce)
    .always(EmailCodeOnce)
    .always(RightfulCodeHonoured)
    .always(SessionsSurvive::settling_within(secs(4)))
    .always(ErrorsExplained)
    .eventually(EveryoneCanLogIn::within(secs(8)).settling(secs(5)))
    .eventually(EveryReplicaServes::within(secs(6)).settling(secs(4)))
    .sometimes("a replica met a locked directory", marked("directory busy"))
    .sometimes("somebody logged in", somebody_logged_in)
    .lasts(secs(30))
}
