//! Excuses, and what has none.

use super::{Observation, changed, judge, told};
use crate::{
    exchange::{facts, refusals::refusals, troubles},
    vocabulary::{Event, Fault, Observation as AnyObservation},
};
use spec::{
    Spec, Troubles, Violation,
    exchange::{Answered, Body, Request},
};

/// Each excuse is needed, and no more: the same history is refused when nobody says what was broken, or that the store
/// forgot.
#[test]
fn without_what_was_broken_the_same_answers_are_refused() {
    let refused = |story: &str, seed: u64, forget: &dyn Fn(&mut Troubles)| {
        let (plan, history, operators) = told(story, seed);
        let mut troubles = troubles(&plan, &history);
        forget(&mut troubles);
        !Spec::new(&facts::world(&plan), &troubles)
            .judge(&facts::facts(&history, &refusals(&operators), 0))
            .violations
            .is_empty()
    };
    assert!(
        refused("redis_unreachable", 1, &|troubles| troubles.spans.clear()),
        "a failing store"
    );
    assert!(
        refused("session_survives", 1, &|troubles| troubles.spans.clear()),
        "a failing directory"
    );
    assert!(
        refused("hook_hangs_long", 1, &|troubles| troubles.spans.clear()),
        "a failing hook"
    );
    assert!(
        refused("disk_is_full", 1, &|troubles| troubles.spans.clear()),
        "a full disk"
    );
    assert!(
        refused("guesser_across_failover", 1, &|troubles| troubles.forgettings.clear()),
        "a store that forgot"
    );
    assert!(
        refused("memory_store", 1, &|troubles| troubles.forgettings.clear()),
        "a store in memory whose process restarted"
    );
    assert!(
        !refused("rule_breakers", 1, &|troubles| troubles.spans.clear()),
        "nothing was broken"
    );
}

#[test]
fn identifiers_come_once_and_silence_needs_a_reason() {
    let (plan, history, operators) = told("rule_breakers", 3);
    let mut first = None;
    for record in &history.records {
        if let Event::Own(AnyObservation::Exchange(Observation::Answered {
            answer: Answered::With(answer),
            ..
        })) = &record.event
            && let Body::Tokens(tokens) = &answer.body
        {
            first = first.or(Some(tokens.access.clone()));
        }
    }
    let first = first.expect("somebody got tokens");
    let again = changed(&history, "/token", 200, |answer| match &mut answer.body {
        Body::Tokens(tokens) if tokens.access != first => {
            tokens.access = first.clone();
            Some(())
        }
        _ => None,
    });
    let reasons: Vec<String> = judge(&plan, &again, &operators)
        .violations
        .into_iter()
        .map(|v| v.reason)
        .collect();
    assert!(
        reasons.iter().any(|reason| reason == "access-token-twice"),
        "{reasons:?}"
    );

    let ends_with = |last: Answered| {
        let mut history = history.clone();
        let answers = history
            .records
            .iter_mut()
            .rev()
            .find_map(|record| match &mut record.event {
                Event::Own(AnyObservation::Exchange(Observation::Answered { answer, .. })) => Some(answer),
                _ => None,
            });
        *answers.unwrap() = last;
        judge(&plan, &history, &operators).violations
    };
    let silent = |violations: &[Violation]| violations.iter().any(|v| v.reason.starts_with("no-answer-"));
    assert!(silent(&ends_with(Answered::Unknown("nothing".into()))));
    assert!(silent(&ends_with(Answered::NotSent("nothing".into()))));
    assert!(
        !silent(&ends_with(Answered::GivenUp("left".into()))),
        "nobody waited for it"
    );
}

/// A clock of Redis that is ahead excuses no ID token from the future: of two clocks the service dates it by the earlier one.
#[test]
fn no_id_token_is_from_the_future() {
    let is_ahead = |fault: &Fault| matches!(fault, Fault::ClockJump { by_ms, .. } if *by_ms > 40_000);
    let told_ahead = (1..=8).map(|seed| told("redis_clock_is_set", seed));
    let mut told_ahead = told_ahead.filter(|(plan, ..)| plan.faults.iter().any(|timed| is_ahead(&timed.fault)));
    let (plan, history, operators) = told_ahead.next().expect("half of them");
    let last_is_later_by = |seconds: i64| {
        let mut history = history.clone();
        let mut records = history.records.iter_mut().rev();
        let claims = records.find_map(|record| match &mut record.event {
            Event::Own(AnyObservation::Exchange(Observation::Answered {
                answer: Answered::With(answer),
                ..
            })) => match &mut answer.body {
                Body::Tokens(tokens) => Some(&mut tokens.id_token.as_mut()?.claims),
                _ => None,
            },
            _ => None,
        });
        let claims = claims.expect("somebody got tokens");
        for name in ["iat", "exp"] {
            let told = claims[name].as_i64().expect("a time");
            claims.insert(name.into(), (told + seconds).into());
        }
        let violations = judge(&plan, &history, &operators).violations;
        violations.iter().any(|violation| violation.what.contains("iat is"))
    };
    assert!(!last_is_later_by(0));
    assert!(last_is_later_by(30));
}

/// What is refused before the service sees it: a line that is too long, by the balancer; too many lines, by whoever counts them.
#[test]
fn large_heads_are_refused_for_what_is_large() {
    let reasons = |story: &str, change: &dyn Fn(&mut Request)| -> Vec<String> {
        let (plan, mut history, operators) = told(story, 1);
        for record in &mut history.records {
            if let Event::Own(AnyObservation::Exchange(Observation::Asked { request, .. })) = &mut record.event {
                change(request);
            }
        }
        let violations = judge(&plan, &history, &operators).violations;
        violations.into_iter().map(|v| v.reason).collect()
    };
    let shorter = reasons("large_heads", &|request| request.longest_line = 0);
    assert!(
        shorter.iter().any(|reason| reason.starts_with("no-answer-")),
        "{shorter:?}"
    );
    let fewer = reasons("large_heads", &|request| request.header_lines = 0);
    assert!(fewer.iter().any(|reason| reason.starts_with("no-answer-")), "{fewer:?}");
    assert_eq!(reasons("calm_day", &|request| request.header_lines = 100), [""; 0]);
    let more = reasons("calm_day", &|request| request.header_lines = 101);
    assert!(more.iter().any(|reason| reason == "too-many-lines"), "{more:?}");
}

/// A form that is larger than any may be is refused by the service and not by the balancer, for whom a replica that breaks
/// off is a broken one.
#[test]
fn a_huge_form_harms_nobody() {
    let is_refused = |event: &Event| match event {
        Event::Own(AnyObservation::Exchange(Observation::Answered {
            answer: Answered::With(answer),
            ..
        })) => answer.status == 413,
        _ => false,
    };
    // Eight seeds in a row try all changes.
    let has_one = (1..=8).any(|seed| {
        let (_, history, _) = told("rule_breakers", seed);
        history.records.iter().any(|record| is_refused(&record.event))
    });
    assert!(has_one, "nobody sends a form that is too large");
}
