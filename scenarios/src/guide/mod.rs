//! Novelty guidance: plans that reached something new are kept, and bred from.
//!
//! A sweep goes in generations of [`GENERATION`] seeds. In the first one every seed draws its plan. From
//! then on every second seed, of a scenario that takes any plan, changes one that an earlier generation
//! kept. What a generation has learned counts from the next one on, in the order of the seeds: so a sweep
//! is the same however many threads perform it, and in whatever order its runs end.

mod breed;
mod signature;
#[cfg(test)]
mod tests;

pub use signature::signature;

use crate::scenario::Scenario;
pub(crate) use breed::aim;

use breed::bred;
use sim::plan::Plan;
use std::collections::{BTreeMap, BTreeSet};

/// So many seeds of each scenario are a generation.
pub const GENERATION: u64 = 16;

/// So many plans are kept of each scenario, the newest.
const KEPT_MAX: usize = 200;

/// What a sweep has seen, and which plans brought it.
pub struct Guide {
    from: u64,
    breeds: bool,
    /// The generation under way.
    generation: u64,
    underway: usize,
    learned: BTreeMap<(u64, &'static str), Lesson>,
    known: BTreeSet<u32>,
    kept: BTreeMap<&'static str, Vec<Plan>>,
    /// Runs of finished generations, and of those, the ones since something was new.
    runs: u64,
    quiet: u64,
}

struct Lesson {
    signature: Vec<u32>,
    /// What to breed from.
    plan: Option<Plan>,
}

impl Guide {
    /// Knows nothing yet. `from` is the first seed of the sweep; unless it `breeds`, it only watches.
    pub fn new(from: u64, breeds: bool) -> Guide {
        Guide {
            from,
            breeds,
            generation: 0,
            underway: 0,
            learned: BTreeMap::new(),
            known: BTreeSet::new(),
            kept: BTreeMap::new(),
            runs: 0,
            quiet: 0,
        }
    }

    /// Begins a run of this seed, unless runs of the generation before it are still under way: then
    /// whoever asks has to wait for them. Seeds do not fall from one call to the next.
    pub fn begin(&mut self, seed: u64) -> bool {
        let generation = (seed - self.from) / GENERATION;
        if generation > self.generation {
            if self.underway > 0 {
                return false;
            }
            self.turn();
            self.generation = generation;
        }
        self.underway += 1;
        true
    }

    /// The plan of a run that has begun: what its seed draws by way of `draw`, or a change of plans that
    /// were kept; and whether it is the latter.
    pub fn plan(&self, scenario: &Scenario, seed: u64, draw: impl Fn(u64) -> Plan) -> (Plan, bool) {
        let kept = self.kept.get(scenario.name()).map_or(&[][..], Vec::as_slice);
        let turn = self.generation > 0 && (seed - self.from) % 2 == 1;
        match self.breeds && turn && scenario.takes_any_plan() && !kept.is_empty() {
            true => (bred(kept, seed, draw), true),
            false => (draw(seed), false),
        }
    }

    /// A run has ended. From one that failed nothing is bred: what it found is found.
    pub fn learn(&mut self, scenario: &'static str, seed: u64, plan: &Plan, signature: Vec<u32>, failed: bool) {
        let plan = (self.breeds && !failed).then(|| plan.clone());
        self.learned.insert((seed, scenario), Lesson { signature, plan });
        self.underway = self.underway.saturating_sub(1);
    }

    /// How many runs of finished generations, up to the last one, showed nothing new.
    pub fn quiet(&self) -> u64 {
        self.quiet
    }

    /// The generation has ended.
    fn turn(&mut self) {
        for ((_, scenario), lesson) in std::mem::take(&mut self.learned) {
            let before = self.known.len();
            self.known.extend(lesson.signature);
            self.runs += 1;
            if self.known.len() == before {
                self.quiet += 1;
                continue;
            }
            self.quiet = 0;
            let kept = self.kept.entry(scenario).or_default();
            kept.extend(lesson.plan);
            if kept.len() > KEPT_MAX {
                kept.remove(0);
            }
        }
    }
}
