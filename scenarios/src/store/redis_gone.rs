//! Redis is gone for long: both nodes at once.
//!
//! Nobody can log in, and whoever tries is told so by a page, not by the balancer. Those who are logged in go on: they see their
//! account and sign out, and their clients learn who they are, and get keys and metadata. (Inventory 25, 26, 54.)

use crate::{
    exchange::Observation,
    property::{
        CodeRedeemedOnce, EmailCodeOnce, ErrorsExplained, EveryReplicaServes, EveryoneCanLogIn, GoesOnWithoutStore,
        NoLocalSuccess, NoSecretLogged, SessionsSurvive, faults,
    },
    scenario::{GoesOn, Logins, Monitor, Probe, World, hosts::*, kill, ms, secs},
    vocabulary::{Event, Faults, MarkView, Observation as AnyObservation, Scenario},
};
use spec::{
    Settings,
    exchange::{Answer, Answered, Body, Request},
};
use std::collections::BTreeMap;

pub(crate) fn redis_gone() -> Scenario {
    Scenario::new("redis_gone", "Redis is gone for long, and what needs no Redis goes on")
        .covering(&[25, 26, 54, 55, 56])
        .world(World::standard().links_take_up_to(ms(10)..ms(30)))
        .workload(GoesOn::people(6, ms(1500), 12..30).every(ms(700)))
        .workload(Logins::people(8).from(secs(10)).every(secs(4)))
        .workload(Logins::people(4).from(secs(62)).every(secs(1)))
        .workloads(Probe::everything_from(secs(64)))
        .workload(Monitor::every(secs(4)))
        .faults(
            Faults::new()
                .at(secs(12)..secs(14), kill(REDIS_1))
                .and(kill(REDIS_2))
                .heal_at(secs(48)..secs(50)),
        )
        .always(GoesOnWithoutStore)
        .always(SessionsSurvive::settling_within(secs(4)))
        .always(CodeRedeemedOnce)
        .always(EmailCodeOnce)
        .always(NoLocalSuccess)
        .always(ErrorsExplained)
        .always(NoSecretLogged)
        .eventually(EveryoneCanLogIn::within(secs(15)).settling(secs(10)))
        .eventually(EveryReplicaServes::within(secs(12)).settling(secs(10)))
        .sometimes("somebody looked at their account without the store", went_on("/"))
        .sometimes("somebody signed out without the store", went_on("/logout"))
        .sometimes("a client asked who somebody is without the store", went_on("/userinfo"))
        .sometimes("somebody was told that nobody can log in", told_that_nobody_can_log_in)
        .lasts(secs(84))
}

/// Whether a request for a path was answered well while both ports for logins were closed.
fn went_on(path: &'static str) -> impl Fn(&MarkView<'_>) -> bool + Send + Sync {
    move |reached| {
        answers_without_store(reached)
            .iter()
            .any(|(request, answer)| request.path == path && answer.status < 400)
    }
}

fn told_that_nobody_can_log_in(reached: &MarkView<'_>) -> bool {
    answers_without_store(reached)
        .iter()
        .any(|(_, answer)| matches!(&answer.body, Body::Page(page) if page.error.as_deref() == Some("no-logins")))
}

/// What was answered between the time after which a replica closes its port for logins and the repair.
fn answers_without_store<'a>(reached: &MarkView<'a>) -> Vec<(&'a Request, &'a Answer)> {
    let noticed_ms = 2 * Settings::default().get("degraded");
    let struck: Vec<u64> = faults(reached.history).map(|(at_ms, ..)| at_ms).collect();
    let (Some(from_ms), Some(to_ms)) = (struck.first(), struck.last()) else {
        return vec![];
    };
    let mut asked: BTreeMap<u64, &Request> = BTreeMap::new();
    let mut answers = vec![];
    for record in &reached.history.records {
        match &record.event {
            Event::Own(AnyObservation::Exchange(Observation::Asked { number, request, .. })) => {
                asked.insert(*number, request);
            }
            Event::Own(AnyObservation::Exchange(Observation::Answered {
                number,
                answer: Answered::With(answer),
            })) => {
                let request = asked.remove(number);
                let is_without = (from_ms + noticed_ms..*to_ms).contains(&record.at_ms);
                answers.extend(request.filter(|_| is_without).map(|request| (request, &**answer)));
            }
            _ => {}
        }
    }
    answers
}
