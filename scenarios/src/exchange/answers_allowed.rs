//! Every answer is one that the specification allows (standards by section: see the package `spec`).

use super::facts::{facts, troubles, world};
use crate::{
    property::violation,
    vocabulary::{Evidence, History, Login, Plan, Property, Violation},
};
use spec::{Report, Spec};

/// What the specification says of a run.
pub fn judge(plan: &Plan, history: &History) -> Report {
    let (world, troubles) = (world(plan), troubles(plan, history));
    Spec::new(&world, &troubles).judge(&facts(history))
}

/// Every answer is one that the specification allows.
#[derive(Debug, Clone, Copy)]
pub struct AnswersAllowed;

impl Property<Login> for AnswersAllowed {
    fn claim(&self) -> String {
        "every answer is one that the specification allows".into()
    }

    fn check(&self, evidence: &Evidence<'_>) -> Result<(), Violation> {
        match judge(evidence.plan, evidence.history).violations.into_iter().next() {
            None => Ok(()),
            Some(wrong) => Err(violation(&self.name(), wrong.at_ms, wrong.evidence, wrong.what).because(wrong.reason)),
        }
    }
}
