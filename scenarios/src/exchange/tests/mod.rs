//! The specification is tested by what it rejects: a history of a run that it accepts, in which one answer is changed, for
//! each sentence that it knows. Nothing here is a type of the service.

mod answers;
mod changes;
mod elsewhere;
mod excuses;
mod log;
mod looks;
mod mails;
mod operators;
mod sessions;
mod twins;
mod unlocks;

use super::{Observation, judge};
use crate::{
    catalogue,
    vocabulary::{Event, History, Observation as AnyObservation, Operators, Plan},
};
use sim::run::{Setup, perform};
use spec::exchange::{Answer, Answered};

/// A run of a story, which the specification accepts.
fn told(story: &str, seed: u64) -> (Plan, History, Operators) {
    let scenario = catalogue::all()
        .into_iter()
        .find(|scenario| scenario.name() == story)
        .unwrap();
    let plan = scenario.plan(seed);
    let run = perform(&plan, &Setup::default()).unwrap();
    assert_eq!(
        judge(&plan, &run.history, &run.operators).violations,
        vec![],
        "{story} is accepted as it is"
    );
    (plan, run.history, run.operators)
}

/// Changes the first answer to a request for `path` that has this status and that the change fits.
fn changed(history: &History, path: &str, status: u16, change: impl Fn(&mut Answer) -> Option<()>) -> History {
    let changed = changed_if_there(history, path, status, change);
    changed.unwrap_or_else(|| panic!("no answer {status} of {path} can be changed so"))
}

/// The same, if there is one.
fn changed_if_there(
    history: &History,
    path: &str,
    status: u16,
    change: impl Fn(&mut Answer) -> Option<()>,
) -> Option<History> {
    let mut history = history.clone();
    let mut asked = std::collections::BTreeMap::new();
    for record in &mut history.records {
        let Event::Own(AnyObservation::Exchange(observation)) = &mut record.event else {
            continue;
        };
        match observation {
            Observation::Asked { number, request, .. } => drop(asked.insert(*number, request.path.clone())),
            Observation::Answered {
                number,
                answer: Answered::With(answer),
            } if asked[number] == path && answer.status == status => {
                let mut other = answer.clone();
                if change(&mut other).is_some() {
                    *answer = other;
                    return Some(history);
                }
            }
            _ => {}
        }
    }
    None
}
