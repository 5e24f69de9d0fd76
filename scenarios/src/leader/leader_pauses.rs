//! The leader is paused past its lease, and then Redis fails over while the next leader holds the lease.
//!
//! Reminders are due at both moments and the relay is slow, so that the leader is in the middle of sending. Two
//! replicas believe that they are the leader; nobody is reminded twice. (Inventory 29, 30, 31.)

use crate::{
    catalogue::marks::{marked, master_replaced},
    leader,
    property::{
        CodeRedeemedOnce, EveryReplicaServes, EveryoneCanLogIn, MailArrives, RemindersArrive, RemindersOnce,
        ReplicationCatchesUp,
    },
    scenario::{Logins, Monitor, Probe, World, cut, hosts::*, kill, mail, ms, pause, resume, secs},
    vocabulary::{Event, Fault, Faults, MarkView, Mode, Observation, Scenario},
};

pub(crate) fn leader_pauses() -> Scenario {
    let world = World::standard()
        .lease(secs(4))
        .links_take_up_to(ms(15)..ms(35))
        .reminders(3, secs(5)..secs(6))
        .reminders(8, secs(22)..ms(22_500))
        .reminders(8, secs(33)..secs(35))
        .reminders(3, secs(76)..secs(78));
    Scenario::new(
        "leader_pauses",
        "the leader stands still past its lease and Redis fails over under the next one",
    )
    .covering(&[29, 30, 31])
    .world(world)
    .workload(Logins::people(14).from(secs(18)).every(ms(500)))
    .workload(Logins::people(10).from(secs(32)).every(ms(450)))
    .workload(Logins::people(2).from(secs(50)).every(secs(1)))
    .workloads(Probe::everything_from(secs(64)))
    .workload(Monitor::every(secs(4)))
    .faults(
        Faults::new()
            .at(secs(20), mail(Mode::Slow { by_ms: 600 }))
            .one_at(ms(22_500)..secs(25), [pause(IDP_A), pause(IDP_B)])
            .then(secs(5)..secs(9), resume(IDP_A))
            .and(resume(IDP_B))
            .at(secs(34)..secs(36), cut(REDIS_1, REDIS_2))
            .then(ms(10)..ms(500), kill(REDIS_1))
            .heal_at(secs(44)),
    )
    .always(RemindersOnce)
    .always(CodeRedeemedOnce)
    .eventually(RemindersArrive::within(secs(3)))
    .eventually(EveryoneCanLogIn::within(secs(8)).settling(secs(5)))
    .eventually(EveryReplicaServes::within(secs(8)).settling(secs(15)))
    .eventually(ReplicationCatchesUp::within(secs(20)))
    .eventually(MailArrives::within(secs(6)).settling(secs(12)))
    .sometimes(
        "reminders were mailed while a replica stood still",
        reminded_while_paused,
    )
    .sometimes("the leader lost its lease", marked("lease lost"))
    .sometimes("the master was replaced", master_replaced)
    .lasts(secs(84))
}

/// The leader was paused, and reminders were mailed before it resumed.
fn reminded_while_paused(reached: &MarkView<'_>) -> bool {
    let mut paused = false;
    for record in &reached.history.records {
        match &record.event {
            Event::Fault {
                fault: Fault::Pause { .. },
                ..
            } => paused = true,
            Event::Fault {
                fault: Fault::Resume { .. } | Fault::Heal,
                ..
            } => paused = false,
            Event::Own(Observation::Leader(leader::Observation::ReminderMailed { .. })) if paused => return true,
            _ => {}
        }
    }
    false
}
