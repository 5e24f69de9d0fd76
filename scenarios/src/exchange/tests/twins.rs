//! Wrong codes that are sent twice.

use super::{Observation, judge, told};
use crate::vocabulary::{Event, History, Observation as AnyObservation};
use spec::exchange::{Answered, Body};
use std::collections::BTreeMap;

/// Places of the answers to the verifications of one person, and the error that each tells.
fn answers(history: &History, who: &str) -> Vec<(usize, String)> {
    let mut asked = BTreeMap::new();
    let mut found = vec![];
    for (place, record) in history.records.iter().enumerate() {
        let Event::Own(AnyObservation::Exchange(observation)) = &record.event else {
            continue;
        };
        match observation {
            Observation::Asked { number, request, .. } if record.who == who => {
                asked.insert(*number, request.path.clone());
            }
            Observation::Answered {
                number,
                answer: Answered::With(answer),
            } if asked.get(number).is_some_and(|path| path == "/login/verify") => {
                let Body::Page(page) = &answer.body else { continue };
                found.extend(page.error.clone().map(|error| (place, error)));
            }
            _ => {}
        }
    }
    found
}

/// The third code that is sent twice is the third attempt of five, not the fifth and the sixth.
#[test]
fn a_wrong_code_that_is_sent_twice_is_one_attempt() {
    let (plan, history, operators) = told("rule_breakers", 1);
    let told = answers(&history, "mistyper-1");
    let errors: Vec<&str> = told.iter().map(|(_, error)| error.as_str()).collect();
    assert_eq!(
        errors,
        [["wrong-code"; 10].as_slice(), &["too-many-attempts"; 4]].concat()
    );
    let mut changed = history.clone();
    let Event::Own(AnyObservation::Exchange(Observation::Answered { answer, .. })) =
        history.records[told[10].0].event.clone()
    else {
        unreachable!("it was found above")
    };
    match &mut changed.records[told[5].0].event {
        Event::Own(AnyObservation::Exchange(Observation::Answered { answer: other, .. })) => *other = answer,
        _ => unreachable!("it was found above"),
    }
    let violations = judge(&plan, &changed, &operators).violations;
    assert!(
        violations.iter().any(|other| other.evidence == [told[5].0]),
        "{violations:?}"
    );
}
