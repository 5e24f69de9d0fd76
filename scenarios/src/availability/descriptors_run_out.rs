//! A replica has no file descriptor left for a while, and once more while its port is to be opened again.
//!
//! It can accept nobody and reach nothing new; it says so, and goes on as soon as there are descriptors. A connection that waits
//! in its backlog is not lost. (Inventory 26, 45, 47.)
//!
//! No planted bug is about descriptors: planted bugs change the parts that a replica is wired from, and the loop that accepts
//! connections is none of them. The marks show that the story reaches it.

use crate::{
    catalogue::marks::{marked, port_closed_and_opened, somebody_logged_in},
    property::{CodeRedeemedOnce, EmailCodeOnce, EveryReplicaServes, EveryoneCanLogIn, HealthTells},
    scenario::{Logins, Monitor, Probe, Visitors, World, disk_fails, hosts::*, ms, no_descriptors, secs},
    vocabulary::{Faults, Scenario},
};

pub(crate) fn descriptors_run_out() -> Scenario {
    Scenario::new(
        "descriptors_run_out",
        "a replica has no file descriptor left, and once more while its port is to be opened again",
    )
    .covering(&[26, 45, 47])
    .world(World::standard())
    .workload(Logins::people(30).from(secs(2)).every(ms(450)))
    .workload(Visitors::looking(3, 8, secs(2)))
    .workload(Monitor::every(secs(2)))
    .workloads(Probe::everything_from(secs(44)))
    .faults(
        Faults::new()
            .at(secs(4)..secs(8), no_descriptors(IDP_A, secs(3)))
            // Its directory fails for longer than it may; so it closes its port, and cannot open it at once.
            .at(secs(14), disk_fails(IDP_B, secs(9)))
            .at(secs(22), no_descriptors(IDP_B, secs(5)))
            .heal_at(secs(34)),
    )
    .always(HealthTells)
    .always(CodeRedeemedOnce)
    .always(EmailCodeOnce)
    .eventually(EveryoneCanLogIn::within(secs(15)).at_any_time())
    .eventually(EveryReplicaServes::within(secs(6)).settling(secs(4)))
    .sometimes("somebody logged in", somebody_logged_in)
    .sometimes("a port was closed and opened again", port_closed_and_opened)
    .sometimes(
        "a connection could not be accepted",
        marked("a connection could not be accepted"),
    )
    .sometimes("the port could not be opened", marked("the port could not be opened"))
    .lasts(secs(60))
}
