//! Every answer is one that the specification allows (standards by section: see the package `spec`).
//!
//! An answer counts as judged if exactly one was allowed. Where more are allowed, each reason why is an excuse; an answer
//! with several reasons counts for each. Where the service may also say that it cannot do it now, those that said so
//! count as wrong.

use super::{
    facts::{facts, world},
    refusals::refusals,
    troubles::troubles,
};
use crate::{
    property::violation,
    vocabulary::{Evidence, History, Login, Operators, Plan, Property, Violation},
};
use sim::property::Spared;
use spec::{Report, Spec, Troubles, World};

/// What the specification says of a run.
pub fn judge(plan: &Plan, history: &History, operators: &Operators) -> Report {
    judge_in(&world(plan), &troubles(plan, history), history, operators, 0)
}

/// The same of a world that is no plan's. Its clock may be so coarse, milliseconds, that what ended did so that much later.
pub(crate) fn judge_in(
    world: &World,
    troubles: &Troubles,
    history: &History,
    operators: &Operators,
    clock_ms: u64,
) -> Report {
    let refusals = refusals(operators);
    Spec::new(world, troubles).judge(&facts(history, &refusals, clock_ms))
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
        for sizes in [&report.calm, &report.troubled] {
            evidence.judged(sizes.exact as usize);
            for (why, times) in &sizes.widened {
                let spared = Spared {
                    things: *times,
                    wrong: 0,
                };
                evidence.spared(format!("several answers are allowed: {why}"), spared);
            }
            let (things, wrong) = sizes.not_now;
            evidence.spared("\u{201c}not now\u{201d} is allowed besides", Spared { things, wrong });
        }
        match report.violations.into_iter().next() {
            None => Ok(()),
            Some(wrong) => Err(violation(&self.name(), wrong.at_ms, wrong.evidence, wrong.what).because(wrong.reason)),
        }
    }
}
