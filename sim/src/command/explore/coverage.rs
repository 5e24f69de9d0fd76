//! Decides whether a sweep without a requested duration goes on for a while, because a mark that no run has reached
//! does not count yet but soon will.

use super::RunSummary;
use crate::{scenario::Scenario, service::Service};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard},
};

/// The marks that were reached, for each scenario.
pub(super) struct Coverage {
    of: Option<Mutex<BTreeMap<&'static str, Reached>>>,
}

struct Reached {
    runs: usize,
    /// Marks that no run has reached, each with the number of runs from which on that counts.
    missing: BTreeMap<&'static str, usize>,
}

impl Coverage {
    /// No mark has been reached yet. If not `wanted`, the sweep never goes on because of a mark.
    pub(super) fn new<S: Service>(scenarios: &[&Scenario<S>], wanted: bool) -> Coverage {
        let of = scenarios.iter().map(|scenario| {
            let marks = scenario.marks();
            let missing = marks.iter().map(|mark| (mark.name, mark.counts_from())).collect();
            (scenario.name(), Reached { runs: 0, missing })
        });
        let of = wanted.then(|| Mutex::new(of.collect()));
        Coverage { of }
    }

    fn lock(&self) -> Option<MutexGuard<'_, BTreeMap<&'static str, Reached>>> {
        let of = self.of.as_ref()?;
        Some(of.lock().expect("nothing panics while it is locked"))
    }

    /// Records a run that has ended.
    pub(super) fn learn(&self, run: &RunSummary) {
        if let Some(mut of) = self.lock()
            && let Some(reached) = of.get_mut(run.scenario)
            && !run.skipped
        {
            reached.runs += 1;
            reached.missing.retain(|mark, _| !run.reached.contains(mark));
        }
    }

    /// Whether there is an unreached mark that does not count yet, but would after at most twice the number of runs so
    /// far.
    pub(super) fn goes_on(&self) -> bool {
        let of = self.lock();
        of.is_some_and(|of| {
            of.values().any(|reached| {
                let mut counts_from = reached.missing.values();
                counts_from.any(|enough| (reached.runs + 1..=2 * reached.runs).contains(enough))
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        command::{Trouble, tests::suite},
        testing::Shop,
    };

    fn learn(coverage: &Coverage, scenario: &Scenario<Shop>, runs: usize, reached: bool) {
        let mut run = RunSummary::of(scenario, &scenario.plan(1), Err(&Trouble(String::new())));
        run.reached.extend(reached.then(|| scenario.marks()[0].name));
        (0..runs).for_each(|_| coverage.learn(&run));
    }

    #[test]
    fn a_mark_that_soon_counts_is_worth_some_more_runs() {
        let suite = suite();
        let calm = &suite.scenarios()[0];
        let enough = calm.marks()[0].counts_from();
        let coverage = || Coverage::new(&[calm], true);
        for (runs, goes_on) in [(1, false), (enough / 2, false), (enough - 1, true), (enough, false)] {
            let coverage = coverage();
            learn(&coverage, calm, runs, false);
            assert_eq!(coverage.goes_on(), goes_on, "{runs} of {enough}");
        }
        let reached = coverage();
        learn(&reached, calm, enough - 1, false);
        learn(&reached, calm, 1, true);
        assert!(!reached.goes_on());
        let not_wanted = Coverage::new(&[calm], false);
        learn(&not_wanted, calm, enough - 1, false);
        assert!(!not_wanted.goes_on());
    }
}
