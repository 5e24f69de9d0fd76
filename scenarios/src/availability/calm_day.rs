//! Nothing fails, and everything works.
//!
//! Two replicas behind a balancer that alternates between them. People log in, come back and get their reminders. This
//! scenario keeps the other properties honest: without it, a service that refuses everything would violate none of
//! them. (Inventory 33.)

use crate::{
    catalogue::marks::{marked, somebody_logged_in},
    property::{
        AnalyticsArrive, AnyCodeVerifies, CodeRedeemedOnce, EmailCodeOnce, EveryReplicaServes, EveryoneCanLogIn,
        LatencyBudget, MailArrives, NoSecretLogged, NothingFails, RemindersArrive, RemindersOnce, ReplicationCatchesUp,
        RightfulCodeHonoured, SessionsSurvive,
    },
    scenario::{Logins, Monitor, Probe, Visitors, World, ms, secs},
    vocabulary::Scenario,
};

pub(crate) fn calm_day() -> Scenario {
    Scenario::new(
        "calm_day",
        "nothing fails and everything works, within its budget of time",
    )
    .covering(&[33])
    .world(
        World::standard()
            .reminders(3, secs(8)..secs(12))
            .reminders(3, secs(20)..secs(25)),
    )
    .workload(Logins::people(16).every(secs(2)))
    .workload(Visitors::looking(4, 8, secs(3)).every(secs(3)))
    .workloads(Probe::everything_from(secs(35)))
    .workload(Monitor::every(secs(4)))
    .always(NothingFails)
    .always(LatencyBudget::pages(ms(500)).tokens(ms(400)))
    .always(CodeRedeemedOnce)
    .always(EmailCodeOnce)
    .always(AnyCodeVerifies)
    .always(RightfulCodeHonoured)
    .always(RemindersOnce)
    .always(SessionsSurvive::settling_within(secs(0)))
    .always(NoSecretLogged)
    .eventually(RemindersArrive::within(secs(3)))
    .eventually(EveryoneCanLogIn::within(secs(6)).at_any_time())
    .eventually(EveryReplicaServes::within(secs(6)).settling(secs(0)))
    .eventually(ReplicationCatchesUp::within(secs(3)))
    .eventually(MailArrives::within(secs(6)).settling(secs(0)))
    .eventually(AnalyticsArrive::within(secs(3)).settling(secs(0)))
    .sometimes("somebody logged in", somebody_logged_in)
    .sometimes("a reminder was sent", marked("reminder sent"))
    .lasts(secs(50))
}
