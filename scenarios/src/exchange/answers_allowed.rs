//! Every answer is one that the specification allows (standards by section: see the package `spec`).

use super::{
    facts::{facts, troubles, world},
    refusals::refusals,
};
use crate::{
    property::violation,
    vocabulary::{Evidence, History, Login, Operators, Plan, Property, Violation},
};
use spec::{Report, Spec};

/// What the specification says of a run.
pub fn judge(plan: &Plan, history: &History, operators: &Operators) -> Report {
    let (world, troubles) = (world(plan), troubles(plan, history));
    let refusals = refusals(operators);
    Spec::new(&world, &troubles).judge(&facts(history, &refusals))
}

/// Every answer is one that the specification allows.
#[derive(Debug, Clone, Copy)]
pub struct AnswersAllowed;

impl Property<Login> for AnswersAllowed {
    fn claim(&self) -> String {
        "every answer is one that the specification allows".into()
    }

    fn check(&self, evidence: &Evidence<'_>) -> Result<(), Violation> {
        let report = judge(evidence.plan, evidence.history, evidence.operators);
        match report.violations.into_iter().next() {
            None => Ok(()),
            Some(wrong) => Err(violation(&self.name(), wrong.at_ms, wrong.evidence, wrong.what).because(wrong.reason)),
        }
    }
}
