//! The summaries of runs that a sweep keeps: there are thousands of runs, and histories are long.

mod run;

pub(crate) use run::{RunSummary, whole};

use super::{
    Conclusion,
    replay_line::{self, With},
};
use crate::{scenario::Scenario, service::Service, simulator::EngineKind, suite::Suite};
use serde::Serialize;
use std::collections::BTreeMap;

/// From this number of runs of a scenario on, a sweep is inconclusive if most of them were vacuous, or if no fault hit
/// an operation in flight. It equals the number for a mark with the default rarity: see
/// [`crate::property::Mark::counts_from`].
pub(crate) const RUNS_ENOUGH: usize = 49;

/// The marks that the runs of a sweep must reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coverage {
    /// Every mark of every scenario.
    Full,
    /// None: they are counted when the shards are merged.
    Shard,
    /// None: the planted bug may prevent a mark, or the second engine, which does not perform every fault.
    Partial,
}

/// Runs that failed for the same reason.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Group {
    /// The property, or the error of the harness.
    pub(crate) what: String,
    /// The message of the first of them.
    pub(crate) example: String,
    /// Their seeds, in order.
    pub(crate) seeds: Vec<u64>,
    /// The engine.
    #[serde(skip)]
    pub(crate) engine: EngineKind,
    /// The plan files of those whose seeds do not give their plans.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) files: BTreeMap<u64, String>,
}

impl Group {
    /// The line that performs one of its runs again.
    pub(crate) fn line<S: Service>(&self, suite: &Suite<S>, scenario: &str, seed: u64, bug: Option<&str>) -> String {
        let engine = self.engine;
        match self.files.get(&seed) {
            Some(file) => replay_line::line(suite, file, None, With { bug, engine }),
            None => replay_line::line(suite, scenario, Some(seed), With { bug, engine }),
        }
    }
}

/// All runs of one scenario.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ScenarioSummary {
    pub(crate) scenario: &'static str,
    pub(crate) runs: usize,
    /// Plans that the engine cannot perform.
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) skipped: usize,
    pub(crate) simulated_ms: u64,
    pub(crate) properties: Vec<String>,
    /// Each mark, with the number of runs that reached it.
    pub(crate) marks: BTreeMap<&'static str, usize>,
    /// For each mark, the number of runs after which it counts as not reached.
    pub(crate) marks_count_from: BTreeMap<&'static str, usize>,
    pub(crate) faults: usize,
    pub(crate) faults_in_flight: usize,
    /// Number of faults with a trigger, and of those that were not injected.
    pub(crate) triggers: usize,
    pub(crate) triggers_missed: usize,
    pub(crate) operations: usize,
    /// See [`RunSummary::whole`].
    pub(crate) whole: usize,
    /// Number of vacuous runs: see [`RunSummary::vacuous`].
    pub(crate) vacuous: usize,
    pub(crate) violated: Vec<Group>,
    pub(crate) errors: Vec<Group>,
    /// The reasons why nothing is proved although nothing was violated.
    pub(crate) inconclusive: Vec<String>,
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl ScenarioSummary {
    /// Summarises `runs`, which are those of `scenario` in the order of their seeds.
    pub(crate) fn of<S: Service>(scenario: &Scenario<S>, runs: &[RunSummary], coverage: Coverage) -> ScenarioSummary {
        let mut marks: BTreeMap<&'static str, usize> = scenario.marks().iter().map(|mark| (mark.name, 0)).collect();
        let mut violated: BTreeMap<&str, Group> = BTreeMap::new();
        let mut errors: BTreeMap<&str, Group> = BTreeMap::new();
        for run in runs {
            for name in &run.reached {
                *marks.entry(name).or_default() += 1;
            }
            for violation in &run.violations {
                add(&mut violated, &violation.property, &violation.what, run);
            }
            if let Some(error) = &run.error {
                add(&mut errors, error, error, run);
            }
        }
        let sum = |count: fn(&RunSummary) -> usize| runs.iter().map(count).sum::<usize>();
        let mut summary = ScenarioSummary {
            scenario: scenario.name(),
            runs: runs.iter().filter(|run| !run.skipped).count(),
            skipped: runs.iter().filter(|run| run.skipped).count(),
            simulated_ms: runs
                .iter()
                .filter(|run| run.error.is_none())
                .map(|run| run.simulated_ms)
                .sum(),
            properties: scenario.claims(),
            marks,
            marks_count_from: scenario
                .marks()
                .iter()
                .map(|mark| (mark.name, mark.counts_from()))
                .collect(),
            faults: sum(|run| run.faults),
            faults_in_flight: sum(|run| run.faults_in_flight),
            triggers: sum(|run| run.triggers),
            triggers_missed: sum(|run| run.triggers_missed),
            operations: sum(|run| run.operations),
            whole: sum(|run| run.whole),
            vacuous: runs.iter().filter(|run| run.vacuous).count(),
            violated: violated.into_values().collect(),
            errors: errors.into_values().collect(),
            inconclusive: vec![],
        };
        summary.inconclusive = summary.doubts(coverage);
        summary
    }

    fn doubts(&self, coverage: Coverage) -> Vec<String> {
        let mut doubts = vec![];
        if !self.errors.is_empty() {
            doubts.push("the harness failed".to_owned());
        }
        if self.runs == 0 && self.skipped == 0 && coverage != Coverage::Shard {
            doubts.push("it was not run".to_owned());
        }
        if self.runs > 0 && self.operations == 0 {
            doubts.push("nobody did anything".to_owned());
        }
        if coverage != Coverage::Full {
            return doubts;
        }
        for (mark, _) in self.unreached().filter(|(_, counts_from)| self.runs >= *counts_from) {
            doubts.push(format!("a mark was not reached in {} runs: {mark}", self.runs));
        }
        if self.runs < RUNS_ENOUGH {
            return doubts;
        }
        if self.vacuous * 2 > self.runs {
            doubts.push(format!(
                "{} of {} runs were vacuous: no operation ended, or no fault met one",
                self.vacuous, self.runs
            ));
        }
        if self.faults > 0 && self.faults_in_flight == 0 {
            doubts.push("no fault hit an operation in flight".to_owned());
        }
        doubts
    }

    /// Marks that count as not reached, each with the number of runs from which on they do.
    pub(crate) fn unreached(&self) -> impl Iterator<Item = (&'static str, usize)> {
        let unreached = self.marks.iter().filter(|(_, runs)| **runs == 0);
        unreached.map(|(name, _)| (*name, self.marks_count_from.get(name).copied().unwrap_or(1)))
    }

    /// Number of marks that no run reached, but after too few runs to count.
    pub(crate) fn open_marks(&self) -> usize {
        self.unreached()
            .filter(|(_, counts_from)| self.runs < *counts_from)
            .count()
    }

    /// The conclusion from these runs together.
    pub(crate) fn conclusion(&self) -> Conclusion {
        if !self.violated.is_empty() {
            Conclusion::Violated
        } else if !self.inconclusive.is_empty() {
            Conclusion::Inconclusive
        } else {
            Conclusion::Held
        }
    }
}

fn add<'a>(groups: &mut BTreeMap<&'a str, Group>, what: &'a str, example: &str, run: &RunSummary) {
    let group = groups.entry(what).or_insert_with(|| Group {
        what: what.to_owned(),
        example: example.to_owned(),
        seeds: vec![],
        engine: run.engine,
        files: BTreeMap::new(),
    });
    // A run may violate a property in several ways, but counts as one run.
    if group.seeds.last() != Some(&run.seed) {
        group.seeds.push(run.seed);
        group.files.extend(run.file.clone().map(|file| (run.seed, file)));
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::{
        super::{Trouble, tests::suite},
        *,
    };

    const MARK_COUNTS_FROM: usize = RUNS_ENOUGH;

    /// A scenario that failed, with the message of its first failed run.
    pub(in super::super) fn failing(example: &str) -> ScenarioSummary {
        ScenarioSummary {
            scenario: "rush",
            violated: vec![Group {
                what: "SeatSoldOnce".into(),
                example: example.into(),
                seeds: vec![3, 5, 8, 13],
                engine: EngineKind::EventLoop,
                files: BTreeMap::new(),
            }],
            inconclusive: vec!["a mark was not reached in 50 runs".into()],
            ..summary(50, 0, 1)
        }
    }

    fn summary(runs: usize, reached: usize, faults_in_flight: usize) -> ScenarioSummary {
        ScenarioSummary {
            scenario: "calm",
            runs,
            skipped: 0,
            simulated_ms: 0,
            properties: vec![],
            marks: [("the master was replaced", reached)].into(),
            marks_count_from: [("the master was replaced", MARK_COUNTS_FROM)].into(),
            faults: 10,
            faults_in_flight,
            triggers: 0,
            triggers_missed: 0,
            operations: 1,
            whole: 0,
            vacuous: 0,
            violated: vec![],
            errors: vec![],
            inconclusive: vec![],
        }
    }

    #[test]
    fn a_sweep_that_did_not_get_there_proves_nothing() {
        assert!(summary(RUNS_ENOUGH, 1, 1).doubts(Coverage::Full).is_empty());
        assert_eq!(
            summary(MARK_COUNTS_FROM, 0, 1).doubts(Coverage::Full),
            ["a mark was not reached in 49 runs: the master was replaced"]
        );
        let few = summary(MARK_COUNTS_FROM - 1, 0, 1);
        assert!(few.doubts(Coverage::Full).is_empty() && few.open_marks() == 1);
        assert_eq!(
            summary(RUNS_ENOUGH, 1, 0).doubts(Coverage::Full),
            ["no fault hit an operation in flight"]
        );
        let mut vacuous = summary(RUNS_ENOUGH, 1, 1);
        vacuous.vacuous = 25;
        assert_eq!(
            vacuous.doubts(Coverage::Full),
            ["25 of 49 runs were vacuous: no operation ended, or no fault met one"]
        );
        vacuous.vacuous = 24;
        assert!(vacuous.doubts(Coverage::Full).is_empty());
        assert!(summary(0, 0, 0).doubts(Coverage::Shard).is_empty());
        assert_eq!(summary(0, 0, 0).doubts(Coverage::Full), ["it was not run"]);
        let mut idle = summary(1, 1, 1);
        idle.operations = 0;
        assert_eq!(idle.doubts(Coverage::Full), ["nobody did anything"]);
    }

    #[test]
    fn few_runs_and_planted_bugs_need_reach_nothing() {
        assert!(summary(RUNS_ENOUGH - 1, 0, 0).doubts(Coverage::Full).is_empty());
        assert!(summary(RUNS_ENOUGH, 0, 0).doubts(Coverage::Partial).is_empty());
    }

    #[test]
    fn a_run_that_violates_twice_is_one_run() {
        let mut groups = BTreeMap::new();
        let suite = suite();
        let scenario = &suite.scenarios()[0];
        for seed in [3, 3, 5] {
            let run = RunSummary::of(scenario, &scenario.plan(seed), Err(&Trouble("P".into())));
            add(&mut groups, "P", "first", &run);
        }
        assert_eq!(groups["P"].seeds, [3, 5]);
    }
}
