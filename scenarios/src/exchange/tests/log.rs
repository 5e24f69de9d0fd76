//! The log.

use super::{Observation, changes::json, judge, told};
use crate::vocabulary::{Event, History, Observation as AnyObservation, Operators};
use spec::exchange::{Answered, Body};

/// The log tells of each refusal what it must: the same history with another line in the log is rejected, for each reason.
#[test]
fn every_sentence_rejects_a_log_that_breaks_it() {
    let (plan, history, operators) = told("rule_breakers", 2);
    let of = |what: &str| {
        let found = operators
            .log
            .iter()
            .position(|written| written.line.text.contains(what));
        found.unwrap_or_else(|| panic!("no line of the log has {what:?}"))
    };
    let place = of("refused correlation=");
    let replace = |log: &mut Operators, place: usize, from: &str, to: &str| {
        let text = &mut log.log[place].line.text;
        let changed = text.replace(from, to);
        assert_ne!(*text, changed, "{from:?} is in it");
        *text = changed;
    };
    type Row<'a> = (&'static str, &'a dyn Fn(&mut Operators));
    let rows: [Row<'_>; 12] = [
        ("refusal-not-logged", &|log| drop(log.log.remove(place))),
        ("refusal-logged-twice", &|log| {
            log.log.insert(place, log.log[place].clone())
        }),
        ("another-request-in-the-log", &|log| {
            replace(log, place, "status=", "status=1")
        }),
        ("another-request-in-the-log", &|log| {
            replace(log, place, "path=/", "path=/x/")
        }),
        ("another-reason-in-the-log", &|log| {
            replace(log, of("error=other-browser"), "other-browser", "locked")
        }),
        ("another-reason-in-the-log", &|log| {
            replace(log, of("invalid_grant: no such code"), "no such code", "wrong verifier");
        }),
        ("another-client-in-the-log", &|log| {
            replace(log, of(" client=web parameter="), "client=web", "client=grafana");
        }),
        ("another-parameter-in-the-log", &|log| {
            replace(
                log,
                of(" parameter=code_challenge "),
                "parameter=code_challenge",
                "parameter=scope",
            );
        }),
        ("not-audited", &|log| {
            drop(log.log.remove(of("code issued correlation=")))
        }),
        ("audited-too-often", &|log| {
            let place = of("code redeemed correlation=");
            log.log.insert(place, log.log[place].clone());
        }),
        ("audited-otherwise", &|log| {
            replace(log, of("signed in correlation="), "subject=user-", "subject=other-");
        }),
        ("audited-without-reason", &|log| {
            let refused = &log.log[place].line.text;
            let reference = refused.split_whitespace().nth(1).unwrap_or_default().to_owned();
            let line = of("signed in correlation=");
            let own = log.log[line]
                .line
                .text
                .split_whitespace()
                .nth(2)
                .unwrap_or_default()
                .to_owned();
            let mut told = log.log[line].clone();
            told.line.text = told.line.text.replace(&own, &reference);
            log.log.push(told);
        }),
    ];
    for (reason, change) in rows {
        let mut changed = operators.clone();
        change(&mut changed);
        let found = judge(&plan, &history, &changed).violations;
        assert!(found.iter().any(|other| other.reason == reason), "{reason}: {found:?}");
    }
}

/// Whoever presents a spent code, with all that binds it, revokes what was issued for it: the log tells so once.
#[test]
fn tokens_that_are_revoked_are_in_the_log_once() {
    let (plan, history, operators) = told("code_race", 1);
    let line = |written: &str| written.starts_with("tokens revoked correlation=");
    let place = operators.log.iter().position(|written| line(&written.line.text));
    let place = place.expect("a spent code was presented again");
    let reason = |operators: &Operators| judge(&plan, &history, operators).violations[0].reason.clone();
    let mut untold = operators.clone();
    untold.log.remove(place);
    assert_eq!(reason(&untold), "not-audited");
    let mut twice = operators.clone();
    twice.log.push(twice.log[place].clone());
    assert_eq!(reason(&twice), "audited-too-often");
    let mut another = operators.clone();
    let text = &mut another.log[place].line.text;
    *text = text.replace("subject=user-", "subject=other-");
    assert_eq!(reason(&another), "audited-otherwise");
}

/// Whether a code may be spent is told as the log knows it: neither too often nor too seldom.
#[test]
fn whether_a_code_may_be_spent_is_told_if_it_is_in_doubt_and_only_then() {
    let (plan, mut history, operators) = told("calls_fail", 1);
    let is_there = "cause=recording a redemption: not done: the directory is locked";
    let mut lines = operators.log.iter();
    let place = lines.position(|written| written.line.text.contains(is_there));
    let place = place.expect("a redemption was not recorded");
    let line = &operators.log[place];
    let reference = line.line.text.split(['=', ' ']).nth(2).expect("it has one").to_owned();
    let rejects = |history: &History, operators: &Operators| {
        let found = judge(&plan, history, operators).violations;
        found.iter().any(|violation| violation.reason == "doubt-told-wrongly")
    };
    let mut away = operators.clone();
    let mut more = line.clone();
    more.line.text = format!("a code could not be put back correlation={reference} why=x failure=y");
    away.log.push(more);
    assert!(rejects(&history, &away), "it is away, and nobody is told");
    let mut unknown = operators.clone();
    let text = &mut unknown.log[place].line.text;
    *text = text.replace("not done: ", "outcome unknown: ");
    assert!(rejects(&history, &unknown), "it may be recorded, and nobody is told");
    for record in &mut history.records {
        if let Event::Own(AnyObservation::Exchange(Observation::Answered {
            answer: Answered::With(answer),
            ..
        })) = &mut record.event
            && answer.headers.get("x-correlation-id") == Some(&reference)
        {
            let spent = "the code may be spent or not; start again with a new one";
            json("error_description", spent.into())(answer).expect("it is JSON");
        }
    }
    assert!(
        rejects(&history, &operators),
        "it is back, and somebody is told that it may not be"
    );
}

/// Nobody is told to try again with a code whose time was over before it could be given back.
#[test]
fn a_code_that_is_over_is_not_told_as_there() {
    let (plan, mut history, operators) = told("edges_while_locked", 1);
    let rejects = |history: &History| {
        let found = judge(&plan, history, &operators).violations;
        found.iter().any(|violation| violation.reason == "doubt-told-wrongly")
    };
    assert!(!rejects(&history));
    let spent = "the code may be spent or not; start again with a new one";
    let mut told = 0;
    for record in &mut history.records {
        if let Event::Own(AnyObservation::Exchange(Observation::Answered {
            answer: Answered::With(answer),
            ..
        })) = &mut record.event
            && matches!(&answer.body, Body::Json(json) if json["error_description"] == spent)
        {
            json("error_description", "try again in a moment".into())(answer).expect("it is JSON");
            told += 1;
        }
    }
    assert!(told > 0, "nobody's code was over meanwhile");
    assert!(rejects(&history));
}

/// The same of a mailed code that could not be put back.
#[test]
fn a_mailed_code_that_is_away_is_not_told_as_there() {
    let (plan, history, operators) = told("calls_fail", 1);
    let not_opened = "path=/login/verify status=503 error=temporarily-unavailable cause=opening a session: ";
    let mut lines = operators.log.iter();
    let line = lines.find(|written| written.line.text.contains(not_opened));
    let line = line.expect("a session was not opened").clone();
    let reference = line.line.text.split(['=', ' ']).nth(2).expect("it has one").to_owned();
    let rejects = |operators: &Operators| {
        let found = judge(&plan, &history, operators).violations;
        found.iter().any(|violation| violation.reason == "doubt-told-wrongly")
    };
    assert!(!rejects(&operators));
    let mut away = operators.clone();
    let mut more = line;
    more.line.text = format!("a one-time code could not be put back correlation={reference} why=x failure=y");
    away.log.push(more);
    assert!(rejects(&away), "it is away, and nobody is told");
}
