//! Makes a failing plan small.
//!
//! 1. Guesses that often remove most of it: only the people in the evidence, nothing after the
//!    violation, no faults, nobody.
//! 2. Delta debugging over everything that is planned, jointly (`removal`): a person with all they
//!    do and a fault with its end are taken out together at first, then single things; once few
//!    are left, single things under other seeds, and pairs.
//! 3. A shorter run, smaller gaps, rounder times, smaller sizes, the standard world (`simplify`).
//!
//! From the top again until a whole round changes nothing. A step is taken only if the smaller plan
//! fails for the same [`Reason`]: what fails for another is another bug. Nothing here reads a clock
//! or draws at random, so equal plans and budgets give equal results; every step is a plan that can
//! be replayed.

mod reason;
mod removal;
mod shape;
mod simplify;
#[cfg(test)]
mod tests;

pub use reason::{Reason, slug};
pub use shape::{Group, Shape, Size, group};

use crate::{nemesis, plan::Plan, property::Violation};
use removal::{Item, Unit, items, units, without};
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::ControlFlow,
};
use thiserror::Error;

/// With at most so many things left, every single one is tried under other seeds, and every pair.
const FEW_ITEMS: usize = 10;

/// Whatever is taken out of a plan shifts what the seed decides for the rest, so that a race may need
/// a bystander to go the wrong way. Under another seed it may not.
const SEEDS: [u64; 4] = [1, 2, 3, 4];

/// What a run of a candidate came to, as the caller judges it.
pub struct Verdict {
    /// The violations of the run.
    pub violations: Vec<Violation>,
    /// Who, in [`Plan::operations`], is in the evidence of each: guesses keep them and nobody else.
    pub witnesses: Vec<BTreeSet<String>>,
    /// When each aimed fault struck: see [`crate::run::Run::aimed`].
    pub aimed: BTreeMap<usize, Option<u64>>,
}

/// A run of the shrinker, just done.
pub struct Step<'a> {
    /// Runs so far, this one included.
    pub runs: u64,
    /// Steps taken so far.
    pub taken: u64,
    /// The smallest plan so far.
    pub plan: &'a Plan,
    /// Whether this run made it smaller.
    pub smaller: bool,
}

/// A plan that has been made small.
#[derive(Debug, Clone, PartialEq)]
pub struct Shrunk {
    /// The small plan.
    pub plan: Plan,
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
    /// Whether nothing was left to try; else the budget was spent, or the caller had enough.
    pub finished: bool,
}

/// Why a plan cannot be made small.
#[derive(Debug, Error)]
pub enum ShrinkError<E> {
    /// It does not fail, or not for this reason.
    #[error("the plan does not fail with {reason}; {}", found_in_words(.found))]
    HoldsUp {
        /// What was looked for.
        reason: Reason,
        /// For what it failed instead.
        found: Vec<Reason>,
    },
    /// It cannot be performed.
    #[error(transparent)]
    Run(E),
}

fn found_in_words(found: &[Reason]) -> String {
    let names: Vec<String> = found.iter().map(Reason::to_string).collect();
    match names.is_empty() {
        true => "everything holds".into(),
        false => format!("it fails with {}", names.join(", ")),
    }
}

/// Makes a plan small that fails for a reason, within so many runs. `judge` performs a candidate; one
/// that cannot be performed is passed over. `hear` gets every run, and may have enough.
///
/// # Errors
/// The plan cannot be performed, or does not fail for that reason.
pub fn shrink<E>(
    plan: &Plan,
    reason: &Reason,
    runs_max: u64,
    judge: impl FnMut(&Plan) -> Result<Verdict, E>,
    hear: impl FnMut(&Step<'_>) -> ControlFlow<()>,
) -> Result<Shrunk, ShrinkError<E>> {
    let mut shrinker = Shrinker {
        plan: plan.clone(),
        reason,
        judge,
        hear,
        runs_max,
        runs: 1,
        taken: 0,
        enough: false,
        tried: BTreeSet::new(),
        found: None,
    };
    let verdict = (shrinker.judge)(plan).map_err(ShrinkError::Run)?;
    let found = verdict.violations.iter().map(Reason::of).collect();
    shrinker.found = shrinker.matching(verdict);
    if shrinker.found.is_none() {
        let reason = reason.clone();
        return Err(ShrinkError::HoldsUp { reason, found });
    }
    shrinker.tell(false);
    shrinker.guess();
    while !shrinker.over() {
        let before = shrinker.taken;
        shrinker.remove();
        shrinker.simplify();
        if shrinker.taken == before {
            break;
        }
    }
    let finished = !shrinker.over();
    let Found { violation, .. } = shrinker.found.expect("found above, and replaced by others only");
    Ok(Shrunk {
        before: Size::of(plan),
        after: Size::of(&shrinker.plan),
        plan: shrinker.plan,
        violation,
        runs: shrinker.runs,
        taken: shrinker.taken,
        finished,
    })
}

struct Shrinker<'a, J, H> {
    /// The smallest plan so far that fails for the reason.
    plan: Plan,
    reason: &'a Reason,
    judge: J,
    hear: H,
    runs_max: u64,
    runs: u64,
    taken: u64,
    enough: bool,
    /// Candidates that have been performed: passes overlap.
    tried: BTreeSet<u64>,
    /// What `plan` came to.
    found: Option<Found>,
}

/// The violation of a plan, who is in its evidence, and when its aimed faults struck.
struct Found {
    violation: Violation,
    witnesses: BTreeSet<String>,
    aimed: BTreeMap<usize, Option<u64>>,
}

impl<E, J: FnMut(&Plan) -> Result<Verdict, E>, H: FnMut(&Step<'_>) -> ControlFlow<()>> Shrinker<'_, J, H> {
    fn over(&self) -> bool {
        self.enough || self.runs >= self.runs_max
    }

    fn matching(&self, verdict: Verdict) -> Option<Found> {
        let mut all = verdict.violations.into_iter().zip(verdict.witnesses);
        let (violation, witnesses) = all.find(|(violation, _)| Reason::of(violation) == *self.reason)?;
        let aimed = verdict.aimed;
        Some(Found {
            violation,
            witnesses,
            aimed,
        })
    }

    fn tell(&mut self, smaller: bool) {
        let step = Step {
            runs: self.runs,
            taken: self.taken,
            plan: &self.plan,
            smaller,
        };
        self.enough |= (self.hear)(&step).is_break();
    }

    /// Performs a candidate; takes it if it fails for the same reason.
    fn attempt(&mut self, candidate: Plan) -> bool {
        if self.over() || candidate == self.plan || nemesis::check(&candidate).is_err() {
            return false;
        }
        if !self
            .tried
            .insert(xxhash_rust::xxh3::xxh3_64(candidate.to_text().as_bytes()))
        {
            return false;
        }
        self.runs += 1;
        let found = (self.judge)(&candidate).ok().and_then(|verdict| self.matching(verdict));
        let smaller = found.is_some();
        if smaller {
            (self.plan, self.found) = (candidate, found);
            self.taken += 1;
        }
        self.tell(smaller);
        smaller
    }

    /// At every place, takes candidates until none works there.
    fn everywhere(&mut self, candidates: impl Fn(&Plan, usize) -> Option<Vec<Plan>>) {
        let mut place = 0;
        while let Some(tries) = candidates(&self.plan, place) {
            if !tries.into_iter().any(|candidate| self.attempt(candidate)) {
                place += 1;
            }
        }
    }

    /// Ends the run earlier.
    fn shorten(&mut self) {
        let certain_ms = self.found.as_ref().map_or(0, |found| found.violation.at_ms);
        let tries = simplify::shorter(&self.plan, certain_ms);
        tries.into_iter().any(|candidate| self.attempt(candidate));
    }

    /// Gives aimed faults the times at which they struck, all together or one by one: what happens at a
    /// time can be read without knowing the run. Where the aim is the point, it stays.
    fn untie(&mut self) {
        let struck = |this: &Self| this.found.as_ref().map(|found| found.aimed.clone()).unwrap_or_default();
        let all = struck(self);
        if all.is_empty() {
            return;
        }
        let together: BTreeSet<usize> = all.keys().copied().collect();
        if (simplify::untied(&self.plan, &all, &together).into_iter()).any(|candidate| self.attempt(candidate)) {
            return;
        }
        let mut place = 0;
        while place < self.plan.faults.len() {
            let tries = simplify::untied(&self.plan, &struck(self), &[place].into());
            if !tries.into_iter().any(|candidate| self.attempt(candidate)) {
                place += 1;
            }
        }
    }

    fn guess(&mut self) {
        let witnesses = self.found.as_ref().map(|found| found.witnesses.clone());
        let witnesses = witnesses.unwrap_or_default();
        self.shorten();
        if !witnesses.is_empty() {
            self.drop_all(|plan, item| match item {
                Item::Operation(n) => !witnesses.contains(&plan.operations[*n].who),
                _ => false,
            });
        }
        self.drop_all(|_, item| matches!(item, Item::Fault(_)));
        self.drop_all(|_, item| matches!(item, Item::Reminder(_)));
        self.drop_all(|_, item| matches!(item, Item::Operation(_)));
    }

    fn drop_all(&mut self, out: impl Fn(&Plan, &Item) -> bool) -> bool {
        let all = items(&self.plan);
        let candidate = without(&self.plan, all.iter().filter(|item| out(&self.plan, item)));
        self.attempt(candidate)
    }

    /// Takes out whatever need not be there.
    fn remove(&mut self) {
        self.chunks(units);
        self.chunks(|plan| items(plan).into_iter().map(|item| vec![item]).collect());
        let all = items(&self.plan);
        if all.len() > FEW_ITEMS {
            return;
        }
        let single = all.iter().flat_map(|item| SEEDS.map(|seed| (vec![*item], seed)));
        let seed = self.plan.seed;
        let pairs = (all.iter().enumerate())
            .flat_map(|(n, first)| all[n + 1..].iter().map(move |second| (vec![*first, *second], seed)));
        for (out, seed) in single.chain(pairs) {
            let mut candidate = without(&self.plan, &out);
            candidate.seed = seed;
            if self.attempt(candidate) {
                return self.remove(); // places have moved
            }
        }
    }

    /// Chunks of half of everything, then of a quarter, …, then one by one; the latest first, for
    /// what comes late is often what nothing depends on.
    fn chunks(&mut self, list: impl Fn(&Plan) -> Vec<Unit>) {
        let mut size = list(&self.plan).len().div_ceil(2);
        while size > 0 && !self.over() {
            let mut end = list(&self.plan).len();
            while end > 0 && !self.over() {
                let units = list(&self.plan);
                end = end.min(units.len());
                let begin = end.saturating_sub(size);
                // what is before `begin` keeps its place, whether or not this is taken
                self.attempt(without(&self.plan, units[begin..end].iter().flatten()));
                end = begin;
            }
            size = if size == 1 { 0 } else { size.div_ceil(2) };
        }
    }

    /// Makes what is left simpler.
    fn simplify(&mut self) {
        self.shorten();
        self.untie();
        self.everywhere(simplify::plainer);
        self.everywhere(simplify::closer);
        self.everywhere(simplify::tamer);
        self.everywhere(simplify::smaller);
        self.everywhere(simplify::rounder);
    }
}
