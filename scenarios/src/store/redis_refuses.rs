//! Redis is there, answers PING, and refuses what it is asked: it is out of memory, has too few replicas, asks for a
//! password, or lets nobody write. Somebody has configured it so, and takes it back after some seconds.
//!
//! Reachable is not usable. Nobody is told that something worked which did not, whoever asks for help is told the cause, and
//! when it is over everything works again. (Inventory 25, 26, 56.)

use crate::{
    catalogue::marks::{refused_with, somebody_logged_in},
    limits,
    property::{
        CodeRedeemedOnce, EmailCodeOnce, ErrorsExplained, EveryReplicaServes, EveryoneCanLogIn, HealthTells,
        NoSecretLogged, PortStaysOpen, RefusalsCostNothing, RemindersOnce, SessionsSurvive,
    },
    scenario::{Logins, Monitor, Probe, Visitors, Workload, World, hosts::*, ms, redis_refuses as refuses, secs},
    vocabulary::{Behaviour, Faults, Refusal, Scenario},
};

pub(crate) fn redis_refuses() -> Scenario {
    let both = |faults: Faults, when, why, lasts_s| {
        faults
            .at(when, refuses(REDIS_1, why, secs(lasts_s)))
            .and(refuses(REDIS_2, why, secs(lasts_s)))
    };
    let mut faults = both(Faults::new(), secs(4)..secs(5), Refusal::OutOfMemory, 8);
    faults = both(faults, secs(14)..secs(15), Refusal::TooFewReplicas, 8);
    faults = both(faults, secs(27)..secs(28), Refusal::Password, 3);
    faults = both(faults, secs(35)..secs(36), Refusal::WritesPaused, 2);
    faults = both(faults, secs(42)..secs(43), Refusal::Permission, 3);
    Scenario::new(
        "redis_refuses",
        "Redis answers, and refuses what it is asked, for one reason after the other",
    )
    .covering(&[25, 26, 56])
    .world(World::standard().reminders(3, secs(6)..secs(46)))
    .workload(Logins::people(30).from(secs(3)).every(ms(1_300)))
    .workload(Visitors::looking(3, 12, secs(3)).from(secs(1)).every(secs(1)))
    // What does not fit into a cookie begins with a transaction, which is refused in another way than a command.
    .workload(Workload::named("crawler", crawls()).from(secs(2)))
    .workload(Logins::people(4).from(secs(62)).every(secs(1)))
    .workloads(Probe::everything_from(secs(64)))
    .workload(Monitor::every(secs(3)))
    .faults(faults.heal_at(secs(48)))
    .always(HealthTells)
    .always(PortStaysOpen)
    .always(RefusalsCostNothing)
    .always(CodeRedeemedOnce)
    .always(EmailCodeOnce)
    .always(RemindersOnce)
    .always(SessionsSurvive::settling_within(secs(0)))
    .always(ErrorsExplained)
    .always(NoSecretLogged)
    .eventually(EveryoneCanLogIn::within(secs(15)).settling(secs(12)))
    .eventually(EveryReplicaServes::within(secs(12)).settling(secs(12)))
    .sometimes("somebody logged in", somebody_logged_in)
    .sometimes(
        "somebody was told to try again",
        refused_with("temporarily-unavailable"),
    )
    .lasts(secs(82))
}

fn crawls() -> Behaviour {
    let crawl = limits::Behaviour::BeginLogins {
        logins: 100,
        every_ms: 400,
        state_bytes: 900,
        from_many_places: true,
    };
    crawl.into()
}
