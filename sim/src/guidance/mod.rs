//! Novelty guidance: plans whose runs showed something new are kept, and later plans are mutations of them.
//!
//! A sweep goes in generations of [`GENERATION`] seeds. In the first one every seed draws its plan. From then on every
//! second seed, of a scenario that takes any plan, mutates a plan that an earlier generation kept. What a generation has
//! shown counts from the next one on, in the order of the seeds: so a sweep is the same however many threads perform it,
//! and in whatever order its runs end.

mod mutate;
mod signature;
#[cfg(test)]
mod tests;

pub use crate::scenario::draw_trigger;
pub use signature::signature;

use crate::{plan::Plan, scenario::Scenario, service::Service};
use mutate::mutated;
use std::collections::{BTreeMap, BTreeSet};

/// So many seeds of each scenario are a generation.
pub const GENERATION: u64 = 16;

/// So many plans are kept of each scenario, the newest.
const CORPUS_MAX: usize = 200;

/// What a sweep has seen, and which plans showed it.
pub struct Guide<S: Service> {
    from: u64,
    mutates: bool,
    /// The generation that is running.
    generation: u64,
    running: usize,
    ended: BTreeMap<(u64, &'static str), Ended<S>>,
    known: BTreeSet<u32>,
    corpus: BTreeMap<&'static str, Vec<Plan<S>>>,
    quiet: u64,
}

/// A run of the generation that is running.
struct Ended<S: Service> {
    signature: Vec<u32>,
    /// The plan, if it may be mutated.
    plan: Option<Plan<S>>,
}

impl<S: Service> Guide<S> {
    /// Knows nothing yet. `from` is the first seed of the sweep; unless it `mutates`, it only counts what is new.
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

    /// Begins a run of this seed. Returns false while runs of the generation before it have not ended: then the caller has
    /// to wait for them. Seeds must not fall from one call to the next.
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

    /// The plan of a run that has begun: what `draw` draws for its seed, or a mutation of plans that were kept; and
    /// whether it is a mutation.
    pub fn plan(&self, scenario: &Scenario<S>, seed: u64, draw: impl Fn(u64) -> Plan<S>) -> (Plan<S>, bool) {
        let corpus = self.corpus.get(scenario.name()).map_or(&[][..], Vec::as_slice);
        let is_second = self.generation > 0 && (seed - self.from) % 2 == 1;
        match self.mutates && is_second && scenario.takes_any_plan() && !corpus.is_empty() {
            true => (mutated(corpus, seed, draw), true),
            false => (draw(seed), false),
        }
    }

    /// A run has ended. The plan of one that failed is not kept: its mutations would find the same failure again.
    pub fn learn(&mut self, scenario: &'static str, seed: u64, plan: &Plan<S>, signature: Vec<u32>, failed: bool) {
        let plan = (self.mutates && !failed).then(|| plan.clone());
        self.ended.insert((seed, scenario), Ended { signature, plan });
        self.running = self.running.saturating_sub(1);
    }

    /// How many runs of finished generations, up to the last one, showed nothing new.
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
