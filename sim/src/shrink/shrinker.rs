//! The search for a smaller plan: the candidates, and the order in which they are tried.

use super::{
    Reason, Shrunk, Size, Step, Verdict,
    removal::{Item, Unit, items, units, without},
    simplify, sizes,
};
use crate::{nemesis, plan::Plan, property::Violation, service::Service};
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::ControlFlow,
};

/// If at most this number of items is left, every single item is removed under other seeds too, and every pair.
const FEW_ITEMS: usize = 10;

/// The other seeds. Removing an item changes what the seed decides for the rest, so a race may fail only while an
/// unrelated item is present. Under another seed it may fail without it.
const SEEDS: [u64; 4] = [1, 2, 3, 4];

pub(super) struct Shrinker<'a, S: Service, J, F> {
    /// The smallest plan so far that fails for the reason.
    plan: Plan<S>,
    /// The result of the run of `plan`.
    found: Found,
    reason: &'a Reason,
    judge: J,
    on_step: F,
    runs_max: u64,
    runs: u64,
    taken: u64,
    stopped: bool,
    /// Hashes of candidates that have been performed, because passes try some candidates again.
    tried: BTreeSet<u64>,
}

/// The violation of a plan, the people in its evidence, and the times at which its faults with triggers were injected.
struct Found {
    violation: Violation,
    witnesses: BTreeSet<String>,
    triggered: BTreeMap<usize, Option<u64>>,
}

impl Found {
    fn matching(verdict: Verdict, reason: &Reason) -> Option<Found> {
        let mut all = verdict.violations.into_iter().zip(verdict.witnesses);
        let (violation, witnesses) = all.find(|(violation, _)| Reason::of(violation) == *reason)?;
        let triggered = verdict.triggered;
        Some(Found {
            violation,
            witnesses,
            triggered,
        })
    }
}

impl<'a, S, E, J, F> Shrinker<'a, S, J, F>
where
    S: Service,
    J: FnMut(&Plan<S>) -> Result<Verdict, E>,
    F: FnMut(&Step<'_, S>) -> ControlFlow<()>,
{
    /// Begins with a plan and the result of its run; `None` if it does not fail for this reason.
    pub(super) fn new(
        plan: &Plan<S>,
        reason: &'a Reason,
        runs_max: u64,
        verdict: Verdict,
        judge: J,
        on_step: F,
    ) -> Option<Shrinker<'a, S, J, F>> {
        Some(Shrinker {
            plan: plan.clone(),
            found: Found::matching(verdict, reason)?,
            reason,
            judge,
            on_step,
            runs_max,
            runs: 1,
            taken: 0,
            stopped: false,
            tried: BTreeSet::new(),
        })
    }

    /// Shrinks the plan; `before` is the original plan.
    pub(super) fn run(mut self, before: &Plan<S>) -> Shrunk<S> {
        self.report(false);
        self.guess();
        while !self.is_over() {
            let before = self.taken;
            self.remove();
            self.simplify();
            if self.taken == before {
                break;
            }
        }
        Shrunk {
            before: Size::of(before),
            after: Size::of(&self.plan),
            finished: !self.is_over(),
            plan: self.plan,
            violation: self.found.violation,
            runs: self.runs,
            taken: self.taken,
        }
    }

    fn is_over(&self) -> bool {
        self.stopped || self.runs >= self.runs_max
    }

    fn report(&mut self, smaller: bool) {
        let step = Step {
            runs: self.runs,
            taken: self.taken,
            plan: &self.plan,
            smaller,
        };
        self.stopped |= (self.on_step)(&step).is_break();
    }

    /// Performs a candidate, and accepts it if it fails for the same reason.
    fn attempt(&mut self, candidate: Plan<S>) -> bool {
        if self.is_over() || candidate == self.plan || nemesis::check(&candidate).is_err() {
            return false;
        }
        let hash = xxhash_rust::xxh3::xxh3_64(candidate.to_text().as_bytes());
        if !self.tried.insert(hash) {
            return false;
        }
        self.runs += 1;
        let verdict = (self.judge)(&candidate).ok();
        let found = verdict.and_then(|verdict| Found::matching(verdict, self.reason));
        let smaller = found.is_some();
        if let Some(found) = found {
            (self.plan, self.found) = (candidate, found);
            self.taken += 1;
        }
        self.report(smaller);
        smaller
    }

    fn attempt_any(&mut self, candidates: Vec<Plan<S>>) -> bool {
        candidates.into_iter().any(|candidate| self.attempt(candidate))
    }

    /// At each place, accepts candidates until none of them fails for the reason.
    fn everywhere(&mut self, candidates: impl Fn(&Plan<S>, usize) -> Option<Vec<Plan<S>>>) {
        let mut place = 0;
        while let Some(candidates) = candidates(&self.plan, place) {
            if !self.attempt_any(candidates) {
                place += 1;
            }
        }
    }

    /// Ends the run earlier.
    fn shorten(&mut self) {
        self.attempt_any(simplify::shorter(&self.plan, self.found.violation.at_ms));
    }

    /// Replaces triggers by the times at which their faults were injected, all together or one by one, because a time
    /// is easier to read for somebody who does not know the run. A trigger that the failure needs is kept.
    fn drop_triggers(&mut self) {
        let all: BTreeSet<usize> = self.found.triggered.keys().copied().collect();
        if self.attempt_any(simplify::without_triggers(&self.plan, &self.found.triggered, &all)) {
            return;
        }
        let mut place = 0;
        while place < self.plan.faults.len() {
            let candidates = simplify::without_triggers(&self.plan, &self.found.triggered, &[place].into());
            if !self.attempt_any(candidates) {
                place += 1;
            }
        }
    }

    fn guess(&mut self) {
        self.attempt_any(simplify::default_orders(&self.plan));
        self.shorten();
        let witnesses = self.found.witnesses.clone();
        if !witnesses.is_empty() {
            self.drop_all(|plan, item| match item {
                Item::Operation(n) => !witnesses.contains(&plan.operations[*n].who),
                _ => false,
            });
        }
        self.drop_all(|_, item| matches!(item, Item::Fault(_)));
        self.drop_all(|_, item| matches!(item, Item::Entry(_)));
        self.drop_all(|_, item| matches!(item, Item::Operation(_)));
    }

    fn drop_all(&mut self, unwanted: impl Fn(&Plan<S>, &Item) -> bool) {
        let all = items(&self.plan);
        let unwanted: Vec<Item> = all.into_iter().filter(|item| unwanted(&self.plan, item)).collect();
        self.attempt_without(&unwanted);
    }

    fn attempt_without(&mut self, items: &[Item]) -> bool {
        without(&self.plan, items).is_some_and(|candidate| self.attempt(candidate))
    }

    /// Removes every item that the failure does not need.
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
        for (unwanted, seed) in single.chain(pairs) {
            let candidate = without(&self.plan, &unwanted).map(|plan| Plan { seed, ..plan });
            if candidate.is_some_and(|candidate| self.attempt(candidate)) {
                return self.remove(); // places have changed
            }
        }
    }

    /// Removes chunks of half of the items, then of a quarter, …, then single items. Later chunks are tried first,
    /// because often nothing depends on late items.
    fn chunks(&mut self, list: impl Fn(&Plan<S>) -> Vec<Unit>) {
        let mut size = list(&self.plan).len().div_ceil(2);
        while size > 0 && !self.is_over() {
            let mut end = list(&self.plan).len();
            while end > 0 && !self.is_over() {
                let units = list(&self.plan);
                end = end.min(units.len());
                let begin = end.saturating_sub(size);
                // Items before `begin` keep their places, whether or not this candidate is accepted.
                self.attempt_without(&units[begin..end].concat());
                end = begin;
            }
            size = if size == 1 { 0 } else { size.div_ceil(2) };
        }
    }

    /// Simplifies the remaining items.
    fn simplify(&mut self) {
        self.shorten();
        self.drop_triggers();
        self.attempt_any(simplify::default_orders(&self.plan));
        self.everywhere(simplify::default_settings);
        self.everywhere(simplify::smaller_gaps);
        self.everywhere(simplify::plainer_behaviour);
        self.everywhere(sizes::smaller);
        self.everywhere(simplify::rounder_times);
    }
}
