//! Redis becomes unreachable for one replica, then for both.
//!
//! The first replica reports it and closes its port; the other goes on. Then neither can work, and neither pretends to.
//! When the links work again, they recover by themselves. (Inventory 25, 26.)

use crate::{
    catalogue::marks::{port_closed_and_opened, somebody_logged_in},
    property::{
        CodeRedeemedOnce, DegradedIsReported, EmailCodeOnce, ErrorsExplained, EveryReplicaServes, EveryoneCanLogIn,
        NoLeaseNoJobs, NoLocalSuccess, NoSecretLogged, RemindersArrive, RemindersOnce, ReplicationCatchesUp,
    },
    scenario::{CodeThief, Logins, Monitor, Probe, World, cut, hosts::*, ms, secs},
    vocabulary::{Faults, Scenario},
};

pub(crate) fn redis_unreachable() -> Scenario {
    Scenario::new(
        "redis_unreachable",
        "Redis goes out of one replica's reach, then out of both replicas'",
    )
    .covering(&[25, 26, 30, 56])
    .world(
        World::standard()
            .reminder_at(secs(66))
            .reminder_at(secs(43))
            .reminders(4, secs(32)..secs(36))
            .links_take_up_to(ms(15)..ms(35)),
    )
    .workload(Logins::people(12).from(secs(5)).every(ms(450)))
    .workload(Logins::people(12).from(secs(23)).every(ms(450)))
    .workload(Logins::people(6).from(secs(30)).every(secs(2)))
    .workload(Logins::people(4).from(secs(54)).every(secs(1)))
    .workload(CodeThief::replays_after(&[secs(20)]))
    .workloads(Probe::everything_from(secs(56)))
    .workload(Monitor::every(secs(4)))
    .faults(
        Faults::new()
            .at(secs(7)..secs(10), cut(IDP_A, REDIS_1))
            .and(cut(IDP_A, REDIS_2))
            .at(secs(25)..secs(28), cut(IDP_B, REDIS_1))
            .and(cut(IDP_B, REDIS_2))
            .heal_at(secs(45)..secs(48)),
    )
    .always(CodeRedeemedOnce)
    .always(EmailCodeOnce)
    .always(NoLeaseNoJobs)
    .always(NoLocalSuccess)
    .always(RemindersOnce)
    .always(ErrorsExplained)
    .always(NoSecretLogged)
    .eventually(DegradedIsReported::within(secs(14)).recovers_within(secs(4)))
    .eventually(EveryoneCanLogIn::within(secs(15)).settling(secs(5)))
    .eventually(EveryReplicaServes::within(secs(12)).settling(secs(5)))
    .eventually(ReplicationCatchesUp::within(secs(6)))
    .eventually(RemindersArrive::within(secs(3)).settling(secs(15)))
    .sometimes("a replica closed its port and opened it again", port_closed_and_opened)
    .sometimes("somebody logged in", somebody_logged_in)
    .lasts(secs(74))
}
