//! People are logged in while everything around them breaks for a while.
//!
//! The directory is locked, the disk of one replica fails and that of the other loses an acknowledgement, Redis fails
//! over, a replica dies. An error page is acceptable; being logged out is not. (Inventory 54, 55, 61.)

use crate::{
    catalogue::marks::fault_hit_somebody,
    property::{
        CodeRedeemedOnce, EmailCodeOnce, ErrorsExplained, EveryReplicaServes, EveryoneCanLogIn, NoSecretLogged,
        RemindersArrive, ReplicationCatchesUp, SessionsSurvive, faults, invocations,
    },
    scenario::{
        Logins, Monitor, Probe, Visitors, World, acknowledgement_lost, directory_busy, disk_fails, hosts::*, kill, ms,
        secs,
    },
    session,
    vocabulary::{Faults, MarkView, Op, Scenario},
};

pub(crate) fn session_survives() -> Scenario {
    Scenario::new(
        "session_survives",
        "people are logged in while everything around them breaks for a while",
    )
    .covering(&[27, 54, 55, 56, 59, 61])
    .world(World::standard().reminder_at(secs(58)).links_take_up_to(ms(10)..ms(30)))
    .workload(Visitors::looking(6, 36, ms(1500)).every(ms(700)))
    .workload(Logins::people(16).from(secs(9)).every(ms(1500)))
    .workload(Logins::people(2).from(secs(44)).every(secs(1)))
    .workloads(Probe::everything_from(secs(50)))
    .workload(Monitor::every(secs(4)))
    .faults(
        Faults::new()
            .at(secs(10)..secs(12), directory_busy(secs(3)))
            .one_at(
                secs(15)..secs(17),
                [disk_fails(IDP_A, secs(4)), disk_fails(IDP_B, secs(4))],
            )
            .at(secs(20)..secs(22), acknowledgement_lost(IDP_B, secs(4)))
            .at(secs(25)..secs(27), kill(REDIS_1))
            .one_at(secs(31)..secs(33), [kill(IDP_A), kill(IDP_B)])
            .heal_at(secs(38)),
    )
    .always(SessionsSurvive::settling_within(secs(4)))
    .always(CodeRedeemedOnce)
    .always(EmailCodeOnce)
    .always(ErrorsExplained)
    .always(NoSecretLogged)
    .eventually(EveryoneCanLogIn::within(secs(8)).settling(secs(5)))
    .eventually(EveryReplicaServes::within(secs(10)).settling(secs(8)))
    .eventually(ReplicationCatchesUp::within(secs(20)))
    .eventually(RemindersArrive::within(secs(3)).settling(secs(15)))
    .sometimes("a fault struck while somebody was there", fault_hit_somebody)
    .sometimes("a visit met an error", visit_met_an_error)
    .sometimes("a visit succeeded after a fault", visited_after_fault)
    .lasts(secs(66))
}

/// Whether a visit succeeded after the first fault.
fn visited_after_fault(reached: &MarkView<'_>) -> bool {
    let Some((injected_ms, ..)) = faults(reached.history).next() else {
        return false;
    };
    let visits = invocations(reached.history);
    visits.iter().any(|invocation| {
        matches!(invocation.op, Op::Session(session::Op::Visit { .. }))
            && invocation.ok()
            && invocation.began_ms > injected_ms
    })
}

/// Whether a visit met an error.
fn visit_met_an_error(reached: &MarkView<'_>) -> bool {
    let visits = invocations(reached.history);
    visits.iter().any(|invocation| {
        matches!(invocation.op, Op::Session(session::Op::Visit { .. })) && invocation.end.is_some() && !invocation.ok()
    })
}
