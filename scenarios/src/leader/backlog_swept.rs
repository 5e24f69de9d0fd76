//! Nobody has led for long: many rows have expired, and the first sweep has to delete them all.
//!
//! While SQLite deletes, its process stands still and the other one cannot write. So it is done in parts: nobody waits for
//! longer than a part takes. (Inventory 24, 27, 28.)

use crate::{
    catalogue::marks::{marked, somebody_logged_in},
    property::{EveryReplicaServes, EveryoneCanLogIn, NothingFails, StallsBounded},
    scenario::{Logins, Monitor, Probe, Visitors, World, hosts::*, ms, secs},
    vocabulary::Scenario,
};

pub(crate) fn backlog_swept() -> Scenario {
    // The first sweep begins a minute after the start.
    let swept = |n: u64| {
        let replica = [IDP_A, IDP_B][n as usize % 2];
        Probe::of(replica)
            .called(format!("swept-{}", n + 1))
            .from(ms(58_800 + 300 * n))
    };
    Scenario::new(
        "backlog_swept",
        "very many rows have expired when the leader begins to delete them",
    )
    .covering(&[24, 27, 28])
    .world(World::standard().expired_tokens(60_000))
    .workload(Logins::people(30).from(secs(50)).every(ms(700)))
    .workload(Visitors::looking(3, 30, ms(700)).from(secs(55)).every(secs(1)))
    .workloads(Probe::everything_from(secs(78)))
    .workloads((0..8).map(swept))
    .workload(Monitor::every(secs(2)))
    .always(StallsBounded::pages(ms(500)).and_commits(5).settling(secs(5)))
    .always(NothingFails)
    .eventually(EveryoneCanLogIn::within(secs(8)).settling(secs(5)))
    .eventually(EveryReplicaServes::within(secs(6)).settling(secs(4)))
    .sometimes("a sweep took several transactions", marked("a sweep goes on"))
    .sometimes("somebody logged in", somebody_logged_in)
    .lasts(secs(95))
}
