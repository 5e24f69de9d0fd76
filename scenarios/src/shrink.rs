//! Makes the plan of a failing run small: [`sim::shrink`], with the judge of the scenarios.

use crate::vocabulary::{Plan, PlantedBug, Run, Scenario};
use sim::{judge::{judge, JudgeOptions}, run::HarnessError, shrink::{Reason, ShrinkError, Shrunk, Step, Verdict}};
use std::{collections::BTreeSet, ops::ControlFlow};

/// Makes a plan small that fails for a reason, within so many runs.
///
/// With a planted bug, a step is taken only if the smaller plan is clean of that reason without the bug:
/// a plan so small that the claim fails by itself shows nothing about the bug. Those runs are not
/// counted; only candidates that fail need one.
///
/// # Errors
/// The plan cannot be performed, or does not fail for that reason.
pub fn shrink(
    scenario: &Scenario,
    plan: &Plan,
    plant: Option<&PlantedBug>,
    reason: &Reason,
    runs_max: u64,
    hear: impl FnMut(&Step<'_>) -> ControlFlow<()>,
) -> Result<Shrunk, ShrinkError<HarnessError>> {
    let options = JudgeOptions::default();
    let verdict = |plan: &Plan| {
        let run = judge(scenario, plan, plant, &options)?;
        let mut verdict = verdict(&run);
        if plant.is_some() && reason.found_in(&run.violations).is_some() {
            let without = judge(scenario, plan, None, &options)?;
            if reason.found_in(&without.violations).is_some() {
                verdict.violations.clear();
            }
        }
        Ok(verdict)
    };
    sim::shrink::shrink(plan, reason, runs_max, verdict, hear)
}

/// What a run came to, with the people whom the evidence of each violation names.
fn verdict(run: &Run) -> Verdict {
    let names: BTreeSet<&str> = run
        .plan
        .operations
        .iter()
        .map(|operation| operation.who.as_str())
        .collect();
    let witnesses = run.violations.iter().map(|violation| {
        let records = violation.evidence.iter().filter_map(|at| run.history.records.get(*at));
        let who = records.map(|record| record.who.as_str());
        who.filter(|who| names.contains(who)).map(str::to_owned).collect()
    });
    Verdict {
        witnesses: witnesses.collect(),
        violations: run.violations.clone(),
        aimed: run.aimed.clone(),
    }
}
