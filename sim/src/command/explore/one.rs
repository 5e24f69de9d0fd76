//! Performs one run of a sweep and records its result.

use super::super::{
    Conclusion, Trouble, failures, fresh,
    perform::{guarded, perform},
    report::Pages,
    shared_guide::SharedGuide,
    shrinking::stamp,
    summary::RunSummary,
    tell,
};
use crate::{
    classic,
    judge::JudgeOptions,
    plan::Plan,
    scenario::Scenario,
    service::Service,
    simulator::EngineKind,
    suite::{PlantedBug, Suite},
};
use std::{path::PathBuf, time::Duration};

/// Data that the threads of a sweep share.
pub(super) struct Runner<'a, S: Service> {
    pub(super) suite: &'a Suite<S>,
    pub(super) bug: Option<&'a PlantedBug<S>>,
    /// The folder for the plans of failing runs.
    pub(super) plans: PathBuf,
    /// The same folder, as named in the file of runs.
    pub(super) named: PathBuf,
    pub(super) pages: Option<Pages>,
    pub(super) guide: &'a SharedGuide<S>,
    pub(super) swarm: bool,
    pub(super) engine: EngineKind,
}

impl<S: Service> Runner<'_, S> {
    /// Performs one run; returns its summary and its cost. If a draw or a mark panics, only this run is lost, and no
    /// violation found before.
    pub(super) fn run(&self, scenario: &Scenario<S>, seed: u64) -> (RunSummary, Duration) {
        guarded(|| self.attempt(scenario, seed)).unwrap_or_else(|trouble| {
            let plan = Plan::new(scenario.name(), seed, 0);
            let mut summary = RunSummary::of(scenario, &plan, Err(&trouble));
            summary.engine = self.engine;
            self.guide.learn(scenario.name(), &plan, &summary);
            (summary, Duration::ZERO)
        })
    }

    fn attempt(&self, scenario: &Scenario<S>, seed: u64) -> (RunSummary, Duration) {
        let draw = |seed| match self.swarm {
            true => scenario.plan(seed),
            false => scenario.plain_plan(seed),
        };
        let ((plan, mut summary), took, _) = fresh::measure(|| {
            let plan = self.guide.plan(scenario, seed, draw);
            if self.engine == EngineKind::Turmoil && classic::fits(&plan).is_err() {
                let summary = RunSummary::of_misfit(scenario, &plan);
                return (plan, summary);
            }
            let options = JudgeOptions {
                engine: self.engine,
                ..JudgeOptions::default()
            };
            let run = perform(scenario, &plan, self.bug, &options);
            let summary = RunSummary::of(scenario, &plan, run.as_ref());
            (plan, summary)
        });
        (summary.seed, summary.engine) = (seed, self.engine);
        summary.drawn = plan == scenario.plan(seed);
        self.guide.learn(scenario.name(), &plan, &summary);
        if summary.conclusion() != Conclusion::Held {
            self.write_plan(&plan, &mut summary);
        }
        if let Some(pages) = &self.pages
            && let Err(Trouble(what)) = pages.add(self.suite, &summary, &plan, self.bug)
        {
            let (name, scenario) = (self.suite.name, scenario.name());
            tell(format!(
                "{name}: the run of {scenario}, seed {seed}, has no page yet: {what}"
            ));
        }
        (summary, took)
    }

    fn write_plan(&self, plan: &Plan<S>, summary: &mut RunSummary) {
        let (scenario, seed) = (summary.scenario, summary.seed);
        let file = match summary.drawn {
            true => format!("{scenario}-{seed}"),
            false => format!("{scenario}-{seed}-bred"),
        };
        match failures::write_as(&self.plans, plan, &file, stamp(self.suite, self.bug)) {
            Ok(path) => {
                summary.file = (!summary.drawn).then(|| path.display().to_string());
                let file = path.file_name().map(|file| self.named.join(file));
                summary.plan = file.map(|file| file.display().to_string());
            }
            // The verdict is valid; only the copy of the plan is missing. The seed gives the plan again, or the whole
            // sweep does.
            Err(Trouble(what)) => {
                let name = self.suite.name;
                tell(format!(
                    "{name}: the plan of {scenario}, seed {seed}, was not written: {what}"
                ));
            }
        }
    }
}
