//! The guide of a sweep, shared by its threads.

use super::{Conclusion, interrupt, summary::RunSummary};
use crate::{guidance::Guide, plan::Plan, scenario::Scenario, service::Service};
use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// How often a thread that waits for the others checks whether the sweep was interrupted.
const CHECK_EVERY: Duration = Duration::from_millis(200);

/// See [`Guide`].
pub(crate) struct SharedGuide<S: Service> {
    guide: Mutex<Guide<S>>,
    learned: Condvar,
}

impl<S: Service> SharedGuide<S> {
    /// Of a sweep that begins at this seed; unless it `breeds`, plans are what their seeds draw.
    pub(crate) fn new(from: u64, breeds: bool) -> SharedGuide<S> {
        SharedGuide {
            guide: Mutex::new(Guide::new(from, breeds)),
            learned: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Guide<S>> {
        // A draw that panics does so while it is locked, and changes nothing in it.
        self.guide.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a run of this seed, once all runs of the generation before it have ended. How many runs in a
    /// row, up to the end of that one, showed nothing new.
    pub(crate) fn begin(&self, seed: u64) -> u64 {
        let mut guide = self.lock();
        while !guide.begin(seed) && !interrupt::asked() {
            let waited = self.learned.wait_timeout(guide, CHECK_EVERY);
            guide = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        guide.quiet()
    }

    /// The plan of a run that has begun.
    pub(crate) fn plan(&self, scenario: &Scenario<S>, seed: u64, draw: impl Fn(u64) -> Plan<S>) -> Plan<S> {
        self.lock().plan(scenario, seed, draw).0
    }

    /// A run has ended.
    pub(crate) fn learn(&self, scenario: &'static str, plan: &Plan<S>, run: &RunSummary) {
        let failed = run.conclusion() != Conclusion::Held;
        let signature = run.behaviours.clone();
        self.lock().learn(scenario, run.seed, plan, signature, failed);
        self.learned.notify_all();
    }

    /// See [`Guide::quiet`].
    pub(crate) fn quiet(&self) -> u64 {
        self.lock().quiet()
    }
}
