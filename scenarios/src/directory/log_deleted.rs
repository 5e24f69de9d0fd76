//! Somebody deletes the directory's write-ahead log and its index while the service uses them, and then the replicas are
//! restarted one after the other.
//!
//! Whoever has the old files open would go on with them: two directories, of which each is well by itself. Nothing may be kept
//! in the old one that somebody is told was done. (Inventory 26, 27.)

use crate::{
    catalogue::marks::somebody_logged_in,
    property::{
        CodeRedeemedOnce, EmailCodeOnce, ErrorsExplained, EveryReplicaServes, EveryoneCanLogIn, HealthTells,
        RemindersArrive, RemindersOnce, SessionsSurvive,
    },
    scenario::{Logins, Monitor, Probe, Visitors, World, directory_log_deleted, hosts::*, kill, ms, secs, start},
    vocabulary::{Event, Fault, Faults, MarkView, Scenario},
};

pub(crate) fn log_deleted() -> Scenario {
    Scenario::new(
        "log_deleted",
        "somebody deletes the log of the directory, and the replicas are restarted",
    )
    .covering(&[26, 27])
    .world(World::standard().reminder_at(secs(66)))
    .workload(Visitors::looking(4, 20, secs(2)).from(secs(1)).every(secs(2)))
    .workload(Logins::people(30).from(secs(3)).every(ms(1_100)))
    .workload(Logins::people(4).from(secs(52)).every(secs(1)))
    .workloads(Probe::everything_from(secs(56)))
    .workload(Monitor::every(secs(2)))
    .faults(
        Faults::new()
            .at(secs(8)..secs(12), directory_log_deleted())
            .then(secs(1)..secs(3), kill(IDP_B))
            .then(ms(500)..secs(1), start(IDP_B))
            .then(secs(9)..secs(12), kill(IDP_A))
            .then(ms(500)..secs(1), start(IDP_A))
            .heal_at(secs(32)),
    )
    .always(CodeRedeemedOnce)
    .always(EmailCodeOnce)
    .always(HealthTells)
    .always(ErrorsExplained)
    .always(RemindersOnce)
    .always(SessionsSurvive::settling_within(secs(0)))
    .eventually(EveryoneCanLogIn::within(secs(15)).settling(secs(5)))
    .eventually(EveryReplicaServes::within(secs(6)).settling(secs(4)))
    .eventually(RemindersArrive::within(secs(3)).settling(secs(15)))
    .sometimes("somebody logged in", somebody_logged_in)
    .sometimes("somebody logged in while the old files were open", logged_in_meanwhile)
    .lasts(secs(76))
}

/// Whether somebody was logged in between the restart of the first replica and that of the second.
fn logged_in_meanwhile(reached: &MarkView<'_>) -> bool {
    let records = &reached.history.records;
    let at_ms = |of: &str, is: fn(&Fault) -> bool| {
        let mut found = records.iter().filter(|record| match &record.event {
            Event::Fault { fault, .. } => is(fault) && fault.hosts().contains(&of),
            _ => false,
        });
        found.next().map(|record| record.at_ms)
    };
    let first = at_ms(IDP_B, |fault| matches!(fault, Fault::Start { .. }));
    let second = at_ms(IDP_A, |fault| matches!(fault, Fault::Kill { .. }));
    let Some((first, second)) = first.zip(second) else {
        return false;
    };
    crate::property::invocations(reached.history).iter().any(|invocation| {
        *invocation.op == crate::vocabulary::Op::People(crate::people::Op::LogIn)
            && invocation.ok()
            && (first..second).contains(&invocation.ended_ms())
    })
}
