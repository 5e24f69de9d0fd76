//! Performs and judges one run, and survives whatever happens in it.

use super::{Trouble, replay_line, watchdog};
use crate::{
    judge::{JudgeOptions, judge},
    plan::Plan,
    run::Run,
    scenario::Scenario,
    service::Service,
    suite::PlantedBug,
};
use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
};

/// Performs and judges a plan. If the harness panics, only this run is lost.
///
/// # Errors
/// An error of the harness; never a verdict.
pub(crate) fn perform<S: Service>(
    scenario: &Scenario<S>,
    plan: &Plan<S>,
    bug: Option<&PlantedBug<S>>,
    options: &JudgeOptions,
) -> Result<Run<S>, Trouble> {
    let bug_option = replay_line::bug_option(bug.map(|bug| bug.name));
    let _watched = watchdog::watch(format!("replay {} --seed {}{bug_option}", plan.scenario, plan.seed));
    Ok(guarded(|| judge(scenario, plan, bug, options))??)
}

/// Runs code that may panic: a draw, a property or a mark of the suite.
///
/// # Errors
/// Its panic.
pub(crate) fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, Trouble> {
    let done = catch_unwind(AssertUnwindSafe(work));
    done.map_err(|panic| Trouble(format!("the harness panicked: {}", message(&*panic))))
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("without a message")
}
