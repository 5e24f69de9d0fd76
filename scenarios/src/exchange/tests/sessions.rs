//! What ends a session and what was issued in it (core/LIMITS.md, "Sessions"): each sentence rejects the answer of another moment.

use super::{Observation, judge, told};
use crate::vocabulary::{Event, History, Observation as AnyObservation};
use spec::exchange::{Answer, Answered, Body};

/// Places of the answers to a path with a status, of those whose names this fits.
fn answers(history: &History, who: impl Fn(&str) -> bool, path: &str, fits: impl Fn(&Answer) -> bool) -> Vec<usize> {
    let mut asked = vec![];
    let mut found = vec![];
    for (place, record) in history.records.iter().enumerate() {
        match &record.event {
            Event::Own(AnyObservation::Exchange(Observation::Asked { number, request, .. }))
                if request.path == path && who(&record.who) =>
            {
                asked.push(*number);
            }
            Event::Own(AnyObservation::Exchange(Observation::Answered {
                number,
                answer: Answered::With(answer),
            })) if asked.contains(number) && fits(answer) => found.push(place),
            _ => {}
        }
    }
    found
}

fn answer(history: &mut History, place: usize) -> &mut Answer {
    match &mut history.records[place].event {
        Event::Own(AnyObservation::Exchange(Observation::Answered {
            answer: Answered::With(answer),
            ..
        })) => answer,
        _ => unreachable!("it is the place of an answer"),
    }
}

fn signed_in(is: bool) -> impl Fn(&Answer) -> bool {
    move |answer| matches!(&answer.body, Body::Page(page) if page.signed_in == Some(is))
}

/// The history in which one answer is another one's, and how it is judged then.
fn with_answer_of(place: usize, other: usize) -> Vec<String> {
    let (plan, mut history, operators) = told("logs_in_again", 1);
    let instead = answer(&mut history, other).clone();
    *answer(&mut history, place) = instead;
    let violations = judge(&plan, &history, &operators).violations;
    violations.into_iter().map(|violation| violation.reason).collect()
}

#[test]
fn an_old_cookie_is_of_use_until_the_new_one_comes_and_not_after() {
    let (_, history, _) = told("logs_in_again", 1);
    let is_thief = |who: &str| who.ends_with("-thief");
    let before = answers(&history, is_thief, "/", signed_in(true));
    let after = answers(&history, is_thief, "/", signed_in(false));
    assert!(before.len() >= 3 && after.len() >= 2 * 3, "{before:?} {after:?}");
    assert_ne!(with_answer_of(after[0], before[0]), [""; 0], "it lives on");
    assert_ne!(with_answer_of(before[0], after[0]), [""; 0], "it ended too early");
    let last = *after.last().unwrap();
    assert_ne!(with_answer_of(last, before[0]), [""; 0], "it outlives the sign-out");
}

#[test]
fn a_token_is_of_use_until_its_person_signs_out_and_not_after() {
    let (_, history, _) = told("logs_in_again", 1);
    let anybody = |_: &str| true;
    let good = answers(&history, anybody, "/userinfo", |answer| answer.status == 200);
    let bad = answers(&history, anybody, "/userinfo", |answer| answer.status == 401);
    assert!(good.len() >= 6 && bad.len() >= 6, "{good:?} {bad:?}");
    for place in &bad {
        assert_ne!(with_answer_of(*place, good[0]), [""; 0], "it outlives the sign-out");
    }
    for place in good.iter().take(3) {
        assert_ne!(with_answer_of(*place, bad[0]), [""; 0], "it ended too early");
    }
}

#[test]
fn a_code_is_of_no_use_after_a_sign_out() {
    let (_, history, _) = told("logs_in_again", 1);
    let anybody = |_: &str| true;
    let good = answers(&history, anybody, "/token", |answer| answer.status == 200);
    let bad = answers(&history, anybody, "/token", |answer| answer.status == 400);
    assert!(!bad.is_empty());
    assert_ne!(with_answer_of(bad[0], good[0]), [""; 0]);
    assert_ne!(with_answer_of(good[0], bad[0]), [""; 0]);
}

/// Of six browsers each is signed out by its person, and three before that by somebody else who logs in there.
#[test]
fn whoever_is_signed_out_is_in_the_log() {
    let (plan, history, operators) = told("logs_in_again", 1);
    let is_one = |text: &str| text.starts_with("signed out ");
    let lines: Vec<usize> = (operators.log.iter().enumerate())
        .filter(|(_, written)| is_one(&written.line.text))
        .map(|(place, _)| place)
        .collect();
    assert_eq!(lines.len(), 6 + 3);
    for line in lines {
        let mut changed = operators.clone();
        changed.log.remove(line);
        let violations = judge(&plan, &history, &changed).violations;
        assert!(
            violations.iter().any(|other| other.reason == "not-audited"),
            "{violations:?}"
        );
        let mut changed = operators.clone();
        changed.log.insert(line, operators.log[line].clone());
        let violations = judge(&plan, &history, &changed).violations;
        assert!(!violations.is_empty(), "twice");
    }
}
