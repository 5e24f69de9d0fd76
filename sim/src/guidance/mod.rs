//! Novelty guidance: plans whose runs showed new behaviour are kept, and later plans are mutations of them.
//!
//! A sweep consists of generations of [`GENERATION`] seeds. In the first generation every seed draws its plan. From
//! then on, if a scenario takes any plan, every second seed mutates a plan that an earlier generation kept. The results
//! of a generation count only from the next one on, in the order of the seeds. So a sweep gives the same results
//! whatever the number of threads, and in whatever order its runs end.

mod mutate;
mod signature;
#[cfg(test)]
mod tests;

pub use crate::scenario::draw_trigger;
pub use signature::signature;

use crate::{plan::Plan, scenario::Scenario, service::Service};
use mutate::mutated;
use std::collections::{BTreeMap, BTreeSet};

/// Number of seeds of each scenario in a generation.
pub const GENERATION: u64 = 16;

/// Number of plans kept for each scenario; the newest are kept.
const CORPUS_MAX: usize = 200;

/// The behaviours that a sweep has seen, and the plans that showed them first.
pub struct Guide<S: Service> {
    from: u64,
    mutates: bool,
    /// The current generation.
    generation: u64,
    running: usize,
    ended: BTreeMap<(u64, &'static str), Ended<S>>,
    known: BTreeSet<u32>,
    corpus: BTreeMap<&'static str, Vec<Plan<S>>>,
    quiet: u64,
}

/// A run of the current generation that has ended.
struct Ended<S: Service> {
    signature: Vec<u32>,
    /// The plan, if it may be mutated.
    plan: Option<Plan<S>>,
}

impl<S: Service> Guide<S> {
    /// A guide without knowledge. `from` is the first seed of the sweep. If `mutates` is false, the guide only counts
    /// new behaviours.
    pub fn new(from: u64, mutates: bool) -> Guide<S> {
        Guide {
            from,
            mutates,
            generation: 0,
            running: 0,
            ended: BTreeMap::new(),
            known: BTreeSet::new(),
            corpus: BTreeMap::new(),
            quiet: 0,
        }
    }

    /// Begins a run of this seed. Returns false while runs of the generation before have not ended; then the caller has
    /// to wait for them. Seeds must not decrease from one call to the next.
    pub fn begin(&mut self, seed: u64) -> bool {
        let generation = (seed - self.from) / GENERATION;
        if generation > self.generation {
            if self.running > 0 {
                return false;
            }
            self.end_generation();
            self.generation = generation;
        }
        self.running += 1;
        true
    }

    /// The plan of a run that has begun, and whether it is a mutation: either the plan that `draw` draws for its seed,
    /// or a mutation of kept plans.
    pub fn plan(&self, scenario: &Scenario<S>, seed: u64, draw: impl Fn(u64) -> Plan<S>) -> (Plan<S>, bool) {
        let corpus = self.corpus.get(scenario.name()).map_or(&[][..], Vec::as_slice);
        let is_second = self.generation > 0 && (seed - self.from) % 2 == 1;
        match self.mutates && is_second && scenario.takes_any_plan() && !corpus.is_empty() {
            true => (mutated(corpus, seed, draw), true),
            false => (draw(seed), false),
        }
    }

    /// Records a run that has ended. The plan of a failed run is not kept, because its mutations would find the same
    /// failure again.
    pub fn learn(&mut self, scenario: &'static str, seed: u64, plan: &Plan<S>, signature: Vec<u32>, failed: bool) {
        let plan = (self.mutates && !failed).then(|| plan.clone());
        self.ended.insert((seed, scenario), Ended { signature, plan });
        self.running = self.running.saturating_sub(1);
    }

    /// Number of runs of finished generations since the last one that showed new behaviour.
    pub fn quiet(&self) -> u64 {
        self.quiet
    }

    fn end_generation(&mut self) {
        for ((_, scenario), run) in std::mem::take(&mut self.ended) {
            let before = self.known.len();
            self.known.extend(run.signature);
            if self.known.len() == before {
                self.quiet += 1;
                continue;
            }
            self.quiet = 0;
            let corpus = self.corpus.entry(scenario).or_default();
            corpus.extend(run.plan);
            if corpus.len() > CORPUS_MAX {
                corpus.remove(0);
            }
        }
    }
}
