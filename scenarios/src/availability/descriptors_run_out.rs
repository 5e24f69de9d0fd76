//! A replica has no file descriptor left for a while, and once more while its port is to be opened again.
//!
//! It can accept nobody and reach nothing new; it says so, and goes on as soon as there are descriptors. A connection that waits
//! in its backlog is not lost. (Inventory 26, 45, 47.)

use crate::{
    catalogue::marks::somebody_logged_in,
    property::{CodeRedeemedOnce, EmailCodeOnce, EveryReplicaServes, EveryoneCanLogIn},
    scenario::{Logins, Monitor, Probe, Visitors, World, disk_fails, hosts::*, ms, no_descriptors, secs},
    vocabulary::{Event, Faults, MarkView, Scenario},
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
    .always(CodeRedeemedOnce)
    .always(EmailCodeOnce)
    .eventually(EveryoneCanLogIn::within(secs(15)).at_any_time())
    .eventually(EveryReplicaServes::within(secs(6)).settling(secs(4)))
    .sometimes("somebody logged in", somebody_logged_in)
    .sometimes("a port was closed and opened again", reopened)
    .lasts(secs(60))
}

/// A replica closed its port and opened it again.
fn reopened(reached: &MarkView<'_>) -> bool {
    let ready = reached.history.records.iter().filter_map(|record| match &record.event {
        Event::Ready { host, ready, .. } => Some((host, *ready)),
        _ => None,
    });
    let closed: Vec<&String> = ready
        .clone()
        .filter(|(_, ready)| !ready)
        .map(|(host, _)| host)
        .collect();
    closed.iter().any(|host| {
        let opened = ready.clone().filter(|(of, ready)| of == host && *ready).count();
        opened > 1
    })
}
