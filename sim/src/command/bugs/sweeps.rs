//! `bugs --sweeps N`: how long the detection of each planted bug takes, in its own scenario and in the swarm, and what
//! each method of the swarm contributes.

use super::super::{Trouble, fresh, parallel::in_parallel, perform::perform};
use crate::{
    guidance::{Guide, signature},
    judge::JudgeOptions,
    service::Service,
    suite::{PlantedBug, Suite},
};
use serde::Serialize;
use std::time::Duration;

/// Distance between the first seeds of two sweeps.
const APART: u64 = 1_000_000;

/// A search method: where and how a bug is searched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Method {
    /// In the bug's own scenario, by the property that must detect it.
    Own,
    /// In the swarm, by any property.
    Swarm,
    /// In the swarm, with every kind of fault in every run and default settings.
    NoSwarm,
    /// In the swarm, with every plan drawn from its seed.
    NoGuidance,
}

impl Method {
    pub(super) fn label(self) -> &'static str {
        match self {
            Method::Own => "own scenario",
            Method::Swarm => "swarm",
            Method::NoSwarm => "--no-swarm",
            Method::NoGuidance => "--no-guidance",
        }
    }
}

/// One search to perform.
struct Task<'a, S: Service> {
    suite: &'a Suite<S>,
    bug: &'a PlantedBug<S>,
    method: Method,
    /// The first seed.
    from: u64,
}

/// A sweep for one bug, with its results.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Search {
    pub(super) bug: &'static str,
    pub(super) method: Method,
    pub(super) from_seed: u64,
    /// Runs up to the detection; `None` if it was missed.
    pub(super) runs: Option<u64>,
    /// Processor time of all runs.
    pub(super) cpu_seconds: f64,
    /// The property that detected it.
    pub(super) by: Option<String>,
    /// An error of the harness, or a property that fails without the bug too.
    pub(super) error: Option<String>,
}

/// Sweeps for each bug by each of these methods: a number of sweeps, with a largest number of seeds.
pub(super) struct Searches<'a, S: Service> {
    pub(super) suite: &'a Suite<S>,
    pub(super) bugs: &'a [&'a PlantedBug<S>],
    pub(super) methods: &'a [Method],
    pub(super) sweeps: u64,
    /// The first seed of the first sweep.
    pub(super) from: u64,
    pub(super) seeds: u64,
    pub(super) threads: usize,
}

impl<S: Service> Searches<'_, S> {
    /// Performs all searches.
    pub(super) fn run(&self) -> Vec<Search> {
        let mut tasks = (0..self.sweeps).flat_map(|nth| {
            let each = self
                .bugs
                .iter()
                .flat_map(|bug| self.methods.iter().map(move |method| (*bug, *method)));
            each.map(move |(bug, method)| Task {
                suite: self.suite,
                bug,
                method,
                from: self.from + nth * APART,
            })
        });
        let mut searches = vec![];
        in_parallel(
            self.threads,
            || tasks.next(),
            |task| search(&task, self.seeds),
            |search| searches.extend(search),
        );
        let place = |search: &Search| self.bugs.iter().position(|bug| bug.name == search.bug);
        searches.sort_by_key(|search| (place(search), search.method, search.from_seed));
        searches
    }
}

fn search<S: Service>(task: &Task<'_, S>, seeds: u64) -> Search {
    let mut search = Search {
        bug: task.bug.name,
        method: task.method,
        from_seed: task.from,
        runs: None,
        cpu_seconds: 0.0,
        by: None,
        error: None,
    };
    if let Err(Trouble(what)) = sweep(task, seeds, &mut search) {
        search.error = Some(what);
    }
    search
}

fn sweep<S: Service>(task: &Task<'_, S>, seeds: u64, search: &mut Search) -> Result<(), Trouble> {
    let (bug, method) = (task.bug, task.method);
    let own = task.suite.find_scenario(bug.scenario)?;
    let scenario = match method {
        Method::Own => own,
        _ => task.suite.swarm().unwrap_or(own),
    };
    let draw = |seed| match method {
        Method::NoSwarm => scenario.plain_plan(seed),
        _ => scenario.plan(seed),
    };
    let mut guide = Guide::new(task.from, matches!(method, Method::Swarm | Method::NoSwarm));
    let (options, mut cpu) = (JudgeOptions::default(), Duration::ZERO);
    for seed in task.from..task.from + seeds {
        guide.begin(seed);
        let ((plan, run), took, _) = fresh::measure(|| {
            let (plan, _) = guide.plan(scenario, seed, draw);
            let run = perform(scenario, &plan, Some(bug), &options);
            (plan, run)
        });
        let run = run?;
        cpu += took;
        search.cpu_seconds = cpu.as_secs_f64();
        let detects = |name: &str| method != Method::Own || name == bug.detected_by;
        let found = run.violations.iter().find(|violation| detects(&violation.property));
        if let Some(violation) = found {
            let without = perform(scenario, &plan, None, &options)?;
            if let Some(same) = (without.violations.iter()).find(|other| other.property == violation.property) {
                return Err(Trouble(format!("violated without the bug too, at seed {seed}: {same}")));
            }
            search.by = Some(violation.property.clone());
            search.runs = Some(seed - task.from + 1);
            return Ok(());
        }
        let failed = !run.violations.is_empty();
        guide.learn(scenario.name(), seed, &plan, signature(&run), failed);
    }
    Ok(())
}
