//! Shrinks the plan of a failing run; its scenario judges the candidates.

use super::{Reason, ShrinkError, Shrunk, Step, Verdict, shrink};
use crate::{
    judge::{JudgeOptions, judge},
    plan::Plan,
    run::{HarnessError, Run},
    scenario::Scenario,
    service::Service,
    suite::PlantedBug,
};
use std::{collections::BTreeSet, ops::ControlFlow};

/// Shrinks a plan that fails for a reason, within a number of runs.
///
/// With a planted bug, a smaller plan is accepted only if it does not fail for that reason without the bug, because a
/// plan that fails without the bug shows nothing about it. Such checks are not counted as runs; only candidates that
/// fail need one.
///
/// # Errors
/// The plan cannot be performed, or does not fail for that reason.
pub fn shrink_failure<S: Service>(
    scenario: &Scenario<S>,
    plan: &Plan<S>,
    bug: Option<&PlantedBug<S>>,
    reason: &Reason,
    runs_max: u64,
    on_step: impl FnMut(&Step<'_, S>) -> ControlFlow<()>,
) -> Result<Shrunk<S>, ShrinkError<HarnessError>> {
    let options = JudgeOptions::default();
    let verdict = |plan: &Plan<S>| {
        let run = judge(scenario, plan, bug, &options)?;
        let mut verdict = verdict(&run);
        if bug.is_some() && reason.found_in(&run.violations).is_some() {
            let without = judge(scenario, plan, None, &options)?;
            if reason.found_in(&without.violations).is_some() {
                verdict.violations.clear();
            }
        }
        Ok(verdict)
    };
    shrink(plan, reason, runs_max, verdict, on_step)
}

/// The verdict of a run, with the people in the evidence of each violation.
fn verdict<S: Service>(run: &Run<S>) -> Verdict {
    let operations = run.plan.operations.iter();
    let names: BTreeSet<&str> = operations.map(|operation| operation.who.as_str()).collect();
    let witnesses = run.violations.iter().map(|violation| {
        let records = violation.evidence.iter().filter_map(|at| run.history.records.get(*at));
        let who = records.map(|record| record.who.as_str());
        who.filter(|who| names.contains(who)).map(str::to_owned).collect()
    });
    Verdict {
        witnesses: witnesses.collect(),
        violations: run.violations.clone(),
        triggered: run.triggered.clone(),
    }
}
