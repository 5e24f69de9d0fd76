//! Shrinks a failing plan.
//!
//! 1. Guesses that often remove most of it: only the people in the evidence, nothing after the violation, no faults, no
//!    people.
//! 2. Delta debugging over all items of the plan together (`removal`). At first a person's operations are removed
//!    together, and a fault with its end; then single items; once few are left, single items under other seeds, and
//!    pairs.
//! 3. A shorter run, smaller gaps, rounder times, simpler behaviour, smaller sizes, default settings (`simplify`).
//!
//! This repeats until a whole round changes nothing. A smaller plan is accepted only if it fails for the same
//! [`Reason`], because a plan that fails for another reason shows another bug. Nothing here reads a clock or draws at
//! random, so equal plans and budgets give equal results. Every step is a plan that can be replayed.

mod failure;
mod removal;
mod shape;
mod shrinker;
mod simplify;
mod sizes;
#[cfg(test)]
mod tests;

pub use crate::property::{Reason, slug};
pub use failure::shrink_failure;
pub use shape::{Group, Shape, Size, group};

use crate::{plan::Plan, property::Violation, service::Service};
use shrinker::Shrinker;
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::ControlFlow,
};
use thiserror::Error;

/// The verdict on a candidate, as the caller judges it.
pub struct Verdict {
    /// The violations of the run.
    pub violations: Vec<Violation>,
    /// The people, by their names in [`Plan::operations`], in the evidence of each violation. Guesses keep only these
    /// people.
    pub witnesses: Vec<BTreeSet<String>>,
    /// When each fault with a trigger was injected: see [`crate::run::Run::triggered`].
    pub triggered: BTreeMap<usize, Option<u64>>,
}

/// The run that the shrinker has just performed.
pub struct Step<'a, S: Service> {
    /// Runs so far, this one included.
    pub runs: u64,
    /// The number of these runs that made the plan smaller.
    pub taken: u64,
    /// The smallest plan so far.
    pub plan: &'a Plan<S>,
    /// Whether this run made it smaller.
    pub smaller: bool,
}

/// The result of shrinking.
#[derive(Debug, Clone, PartialEq)]
pub struct Shrunk<S: Service> {
    /// The small plan.
    pub plan: Plan<S>,
    /// Its violation.
    pub violation: Violation,
    /// The size of the original plan.
    pub before: Size,
    /// The size of the small plan.
    pub after: Size,
    /// Number of runs, including the first one, of the original plan.
    pub runs: u64,
    /// The number of these runs that made the plan smaller.
    pub taken: u64,
    /// Whether no candidate was left to try. If false, the budget was spent, or the caller stopped the shrinker.
    pub finished: bool,
}

/// The reason why a plan cannot be shrunk.
#[derive(Debug, Error)]
pub enum ShrinkError<E> {
    /// It does not fail, or not for this reason.
    #[error("the plan does not fail with {reason}; {}", describe(.found))]
    DoesNotFail {
        /// The reason that was looked for.
        reason: Reason,
        /// The reasons for which it failed instead.
        found: Vec<Reason>,
    },
    /// It cannot be performed.
    #[error(transparent)]
    Run(E),
}

fn describe(found: &[Reason]) -> String {
    let names: Vec<String> = found.iter().map(Reason::to_string).collect();
    match names.is_empty() {
        true => "everything holds".into(),
        false => format!("it fails with {}", names.join(", ")),
    }
}

/// Shrinks a plan that fails for a reason, within a number of runs. `judge` performs a candidate; candidates that
/// cannot be performed are skipped. `on_step` is called after every run, and may stop the shrinker.
///
/// # Errors
/// The plan cannot be performed, or does not fail for that reason.
pub fn shrink<S: Service, E>(
    plan: &Plan<S>,
    reason: &Reason,
    runs_max: u64,
    mut judge: impl FnMut(&Plan<S>) -> Result<Verdict, E>,
    on_step: impl FnMut(&Step<'_, S>) -> ControlFlow<()>,
) -> Result<Shrunk<S>, ShrinkError<E>> {
    let verdict = judge(plan).map_err(ShrinkError::Run)?;
    let found: Vec<Reason> = verdict.violations.iter().map(Reason::of).collect();
    match Shrinker::new(plan, reason, runs_max, verdict, judge, on_step) {
        Some(shrinker) => Ok(shrinker.run(plan)),
        None => Err(ShrinkError::DoesNotFail {
            reason: reason.clone(),
            found,
        }),
    }
}
