//! Each replica in turn is asked to end, and is started again, as a deployment does it.
//!
//! People log in, click and redeem all the while, and mails wait, for the relay is slow. Nobody notices: what has begun is
//! answered, who was promised a mail gets it, and the other replica leads at once. (Inventory 1, 29, 34.)

use crate::{
    catalogue::marks::{marked, somebody_logged_in},
    limits,
    property::{
        CodeRedeemedOnce, EmailCodeOnce, EveryReplicaServes, EveryoneCanLogIn, HealthTells, MailArrives,
        OneMailPerWindow, RemindersArrive, RemindersOnce, StopsInOrder, faults,
    },
    scenario::{Logins, Monitor, Probe, Visitors, World, hosts::*, mail, ms, secs, start, stop},
    vocabulary::{Fault, Faults, MarkView, Mode, Scenario, Workload},
};

pub(crate) fn rolling_restart() -> Scenario {
    let slow = [1_500, 2_000, 2_500].map(|by_ms| mail(Mode::Slow { by_ms }));
    Scenario::new(
        "rolling_restart",
        "each replica in turn is asked to end and is started again, and nobody notices",
    )
    .covering(&[1, 29, 34])
    .world(
        World::standard()
            // Requests take some time, so that stops meet them.
            .calls_wait(60, ms(60))
            .reminders(3, secs(13)..secs(16))
            .reminders(3, secs(62)..secs(64)),
    )
    .workload(Logins::people(36).from(secs(3)).every(ms(700)))
    // Shortly before each stop many ask for a mail.
    .workload(Logins::people(16).from(secs(10)).every(ms(120)))
    .workload(Logins::people(16).from(secs(38)).every(ms(120)))
    .workload(Visitors::looking(4, 20, secs(2)))
    .workloads(Probe::everything_from(secs(72)))
    // Somebody who keeps a connection to the replica itself.
    .workload(crawler().from(secs(5)))
    .workload(Monitor::every(secs(2)))
    .faults(
        Faults::new()
            .one_at(secs(5)..secs(7), slow)
            .at(secs(12)..secs(14), stop(IDP_A))
            .then(secs(3)..secs(9), start(IDP_A))
            .at(secs(40)..secs(42), stop(IDP_B))
            .then(secs(3)..secs(9), start(IDP_B))
            .heal_at(secs(60)),
    )
    .always(StopsInOrder)
    .always(CodeRedeemedOnce)
    .always(EmailCodeOnce)
    .always(OneMailPerWindow)
    .always(RemindersOnce)
    .always(HealthTells)
    .eventually(RemindersArrive::within(secs(8)))
    .eventually(EveryoneCanLogIn::within(secs(45)).at_any_time())
    .eventually(EveryReplicaServes::within(secs(8)).settling(secs(10)))
    .eventually(MailArrives::within(secs(6)).settling(secs(10)))
    .sometimes("a replica stopped while somebody used it", stop_met_somebody)
    .sometimes(
        "mails waited when a replica stopped",
        marked("mails waited for the stop"),
    )
    .sometimes("a leader gave its lease back", marked("lease given back"))
    .sometimes("somebody logged in", somebody_logged_in)
    .lasts(secs(90))
}

/// Begins logins at the first replica, past the balancer.
fn crawler() -> Workload {
    let does = limits::Behaviour::BeginLogins {
        logins: 100,
        every_ms: 60,
        state_bytes: 0,
        from_many_places: false,
    };
    Workload::named("crawler", does.into())
}

/// Whether an operation was under way when a replica was asked to end.
fn stop_met_somebody(reached: &MarkView<'_>) -> bool {
    let stops = faults(reached.history).filter(|(.., fault)| matches!(fault, Fault::Stop { .. }));
    let mut met = stops.map(|(_, place, _)| &reached.history.records[place].event);
    met.any(|event| matches!(event, crate::vocabulary::Event::Fault { in_flight, .. } if *in_flight > 0))
}
