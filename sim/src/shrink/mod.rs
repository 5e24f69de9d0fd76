//! Makes a failing plan small.
//!
//! 1. Guesses that often remove most of it: only the people in the evidence, nothing after the violation, no faults,
//!    nobody.
//! 2. Delta debugging over everything that is planned, jointly (`removal`): all that a person does, and a fault with its
//!    end, are taken out together at first, then single things; once few are left, single things under other seeds, and
//!    pairs.
//! 3. A shorter run, smaller gaps, rounder times, plainer behaviour, smaller sizes, default settings (`simplify`).
//!
//! This repeats until a whole round changes nothing. A smaller plan is taken only if it fails for the same [`Reason`]: one
//! that fails for another reason shows another bug. Nothing here reads a clock or draws at random, so equal plans and
//! budgets give equal results; every step is a plan that can be replayed.

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

/// What a run of a candidate came to, as the caller judges it.
pub struct Verdict {
    /// The violations of the run.
    pub violations: Vec<Violation>,
    /// Who, in [`Plan::operations`], is in the evidence of each: guesses keep them and nobody else.
    pub witnesses: Vec<BTreeSet<String>>,
    /// When each fault with a trigger was injected: see [`crate::run::Run::triggered`].
    pub triggered: BTreeMap<usize, Option<u64>>,
}

/// A run of the shrinker, just done.
pub struct Step<'a, S: Service> {
    /// Runs so far, this one included.
    pub runs: u64,
    /// How many of them made the plan smaller.
    pub taken: u64,
    /// The smallest plan so far.
    pub plan: &'a Plan<S>,
    /// Whether this run made it smaller.
    pub smaller: bool,
}

/// A plan that has been made small.
#[derive(Debug, Clone, PartialEq)]
pub struct Shrunk<S: Service> {
    /// The small plan.
    pub plan: Plan<S>,
    /// Its violation.
    pub violation: Violation,
    /// How large it was.
    pub before: Size,
    /// How large it is.
    pub after: Size,
    /// How many runs that took, the first, of the plan as it was, included.
    pub runs: u64,
    /// Of those, how many made the plan smaller.
    pub taken: u64,
    /// Whether nothing was left to try; else the budget was spent, or the caller stopped it.
    pub finished: bool,
}

/// Why a plan cannot be made small.
#[derive(Debug, Error)]
pub enum ShrinkError<E> {
    /// It does not fail, or not for this reason.
    #[error("the plan does not fail with {reason}; {}", describe(.found))]
    DoesNotFail {
        /// What was looked for.
        reason: Reason,
        /// For what it failed instead.
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

/// Makes a plan small that fails for a reason, within so many runs. `judge` performs a candidate; one that cannot be
/// performed is passed over. `on_step` gets every run, and may stop the shrinker.
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
