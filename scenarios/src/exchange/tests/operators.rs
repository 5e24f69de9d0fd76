//! The operators' port, and reminders.

use super::{Observation, changed, changes::*, judge, told};
use crate::vocabulary::{Event, History, Observation as AnyObservation, Record};
use spec::exchange::{Answer, Answered, Body, Mail};

/// What operators are told, and reminders: the reason that each change is rejected for.
#[test]
fn every_sentence_rejects_what_operators_or_the_reminded_may_not_be_told() {
    let (plan, history, operators) = told("calm_day", 1);
    let reasons = |history: &History| {
        let violations = judge(&plan, history, &operators).violations;
        violations
            .into_iter()
            .map(|violation| violation.reason)
            .collect::<Vec<_>>()
    };
    let health: Vec<(&str, Change)> = vec![
        ("health-differs", Box::new(json("status", "fine".into()))),
        ("health-differs", Box::new(json("replica", "idp-c".into()))),
        ("health-differs", Box::new(json("leader", serde_json::Value::Null))),
        ("health-differs", Box::new(json("more", 1.into()))),
        (
            "health-differs",
            Box::new(json("closed", serde_json::json!(["logins"]))),
        ),
        ("health-differs", Box::new(json("closed", serde_json::json!(["ops"])))),
        ("health-differs", Box::new(header("content-type", Some("text/plain")))),
        ("health-differs", Box::new(status(503))),
    ];
    for (reason, change) in health {
        let found = reasons(&changed(&history, "/health", 200, change));
        assert!(found.iter().any(|other| other == reason), "{reason}: {found:?}");
    }
    let everywhere = |change: &dyn Fn(&mut Answer)| {
        let mut history = history.clone();
        for record in &mut history.records {
            if let Event::Own(AnyObservation::Exchange(Observation::Answered {
                answer: Answered::With(answer),
                ..
            })) = &mut record.event
                && matches!(&answer.body, Body::Json(json) if json.get("replica").is_some())
            {
                change(answer);
            }
        }
        history
    };
    let says = |name: &'static str, value: serde_json::Value| {
        everywhere(&move |answer| json(name, value.clone())(answer).unwrap())
    };
    let degraded = |why: &'static str| {
        everywhere(&move |answer| {
            answer.status = 503;
            json("status", "degraded".into())(answer).unwrap();
            json("closed", serde_json::json!(["logins"]))(answer).unwrap();
            json(
                "reasons",
                serde_json::json!(if why.is_empty() { vec![] } else { vec![why] }),
            )(answer)
            .unwrap();
        })
    };
    // Nobody has asked any replica to end.
    let stopping = everywhere(&|answer| {
        answer.status = 503;
        json("status", "stopping".into())(answer).unwrap();
    });
    for (reason, history) in [
        ("two-leaders", says("leader", true.into())),
        ("no-leader", says("leader", false.into())),
        ("blames-what-works", says("reasons", serde_json::json!(["store: gone"]))),
        (
            "blames-what-works",
            says("reasons", serde_json::json!(["mail: the outbox queue is full"])),
        ),
        (
            "blames-what-works",
            says("reasons", serde_json::json!(["analytics: the analytics queue is full"])),
        ),
        ("health-differs", says("reasons", serde_json::json!(["xyzzy"]))),
        ("health-differs", says("reasons", serde_json::json!(["starting"]))),
        ("degraded-without-a-reason", degraded("")),
        ("health-differs", stopping),
        ("blames-what-works", degraded("directory: the disk is full")),
    ] {
        let found = reasons(&history);
        assert!(found.iter().any(|other| other == reason), "{reason}: {found:?}");
    }
    let place = history.records.iter().position(|record| {
        let mail = match &record.event {
            Event::Own(AnyObservation::Exchange(Observation::Mailed { mail, .. })) => mail,
            _ => return false,
        };
        mail.code.is_none()
    });
    let reminder = |change: &dyn Fn(&mut String, &mut Mail, &mut u64)| {
        let mut history = history.clone();
        let record = &mut history.records[place.expect("somebody is reminded")];
        let Event::Own(AnyObservation::Exchange(Observation::Mailed { address, mail })) = &mut record.event else {
            unreachable!("it was found above")
        };
        change(address, mail, &mut record.at_ms);
        history
    };
    let field = |mail: &mut Mail, name: &str, value: &str| {
        let found = mail.headers.iter_mut().find(|(other, _)| other == name);
        found.expect("a reminder has it").1 = value.to_owned();
    };
    for (reason, history) in [
        (
            "reminder-not-asked-for",
            reminder(&|_, mail, _| field(mail, "message-id", "<x@login.example>")),
        ),
        (
            "reminder-differs",
            reminder(&|_, mail, _| field(mail, "subject", "xyzzy")),
        ),
        (
            "reminder-differs",
            reminder(&|_, mail, _| field(mail, "x-reminder-due", "1")),
        ),
        (
            "reminder-differs",
            reminder(&|_, mail, _| field(mail, "date", "Mon, 21 Sep 2020 14:13:45 +0000")),
        ),
        ("reminder-differs", reminder(&|_, mail, _| mail.text.push('!'))),
        (
            "reminder-differs",
            reminder(&|address, _, _| *address = "eve@example.com".into()),
        ),
        ("reminder-too-early", reminder(&|_, _, at_ms| *at_ms -= 5000)),
    ] {
        let found = reasons(&history);
        assert!(found.iter().any(|other| other == reason), "{reason}: {found:?}");
    }
}

/// Events for analytics: the reason that each change is rejected for.
#[test]
fn every_sentence_rejects_an_event_that_breaks_it() {
    let (plan, history, operators) = told("calm_day", 1);
    let is_event = |record: &Record| {
        matches!(
            &record.event,
            Event::Own(AnyObservation::Exchange(Observation::Told { .. }))
        )
    };
    let with = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut history = history.clone();
        for record in history.records.iter_mut().filter(|record| is_event(record)) {
            if let Event::Own(AnyObservation::Exchange(Observation::Told { what, .. })) = &mut record.event {
                change(what);
            }
        }
        history
    };
    let sent = |change: &dyn Fn(usize, &mut String, &mut u64)| {
        let mut history = history.clone();
        for (n, record) in history.records.iter_mut().enumerate() {
            if let Event::Own(AnyObservation::Exchange(Observation::Told { host, connection, .. })) = &mut record.event
            {
                change(n, host, connection);
            }
        }
        history
    };
    let mut doubled = history.clone();
    let place = doubled.records.iter().position(is_event).unwrap();
    doubled.records.insert(place, doubled.records[place].clone());
    let mut silent = history.clone();
    silent.records.retain(|record| !is_event(record));
    for (reason, history) in [
        ("told-wrongly", with(&|what| what["event"] = "xyzzy".into())),
        ("told-wrongly", with(&|what| what["client_id"] = "xyzzy".into())),
        ("told-wrongly", with(&|what| what["subject"] = "user-ann".into())),
        ("told-wrongly", with(&|what| what["at_ms"] = 1.into())),
        ("told-wrongly", with(&|what| what["address"] = "ann@example.com".into())),
        ("told-too-often", with(&|what| what["event"] = "login_failed".into())),
        ("told-too-often", doubled),
        ("told-wrongly", sent(&|_, host, _| *host = "analytics".into())),
        ("connections-not-kept", sent(&|n, _, connection| *connection = n as u64)),
        ("not-told", silent),
    ] {
        let found: Vec<String> = judge(&plan, &history, &operators)
            .violations
            .into_iter()
            .map(|v| v.reason)
            .collect();
        assert!(found.iter().any(|other| other == reason), "{reason}: {found:?}");
    }
}
