//! The guide of a sweep, which its threads share.

use super::{Conclusion, interrupt, summary::RunSummary};
use crate::{guidance::Guide, plan::Plan, scenario::Scenario, service::Service};
use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// Interval at which a waiting thread checks whether the sweep was interrupted.
const CHECK_EVERY: Duration = Duration::from_millis(200);

/// A [`Guide`] behind a lock.
pub(crate) struct SharedGuide<S: Service> {
    guide: Mutex<Guide<S>>,
    learned: Condvar,
}

impl<S: Service> SharedGuide<S> {
    /// The guide of a sweep that begins at this seed. If not `breeds`, plans are those that their seeds draw.
    pub(crate) fn new(from: u64, breeds: bool) -> SharedGuide<S> {
        SharedGuide {
            guide: Mutex::new(Guide::new(from, breeds)),
            learned: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Guide<S>> {
        // A draw may panic while the lock is held, but it changes nothing in the guide.
        self.guide.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a run of this seed, once all runs of the generation before have ended. Returns the number of runs in a
    /// row, up to the end of that generation, that showed no new behaviour.
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

    /// Records a run that has ended.
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
