//! One run, judged, whatever happens in it.

use super::Trouble;
use scenarios::{
    judge::{JudgeOptions, judge},
    planted::Planted,
    scenario::Scenario,
};
use sim::{plan::Plan, run::Run};
use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
};

/// Performs and judges a plan. A panic of the harness costs this run and no other.
///
/// # Errors
/// What the harness could not do; never a verdict.
pub(crate) fn perform(
    scenario: &Scenario,
    plan: &Plan,
    plant: Option<&Planted>,
    options: &JudgeOptions,
) -> Result<Run, Trouble> {
    match catch_unwind(AssertUnwindSafe(|| judge(scenario, plan, plant, options))) {
        Ok(result) => Ok(result?),
        Err(panic) => Err(Trouble(format!("the harness panicked: {}", message(&*panic)))),
    }
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("without a message")
}
