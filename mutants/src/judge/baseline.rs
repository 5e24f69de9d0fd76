//! The runs without a mutant: their fingerprints, and which places each of them reaches.

use super::child::{Child, End, RunLine};
use crate::{
    copy::{Catalogue, Folders},
    trouble::{About, Trouble},
};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fs,
    ops::ControlFlow,
    path::{Path, PathBuf},
    process::Command,
};

/// Runs in the order in which a mutant meets them: each scenario once as a whole, which is one seed, or so many as go through
/// its list; then one more seed of each, and so on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Baseline {
    /// [`Catalogue::key`].
    pub catalogue: String,
    /// How many seeds, from 1.
    pub seeds: u64,
    /// All runs.
    pub runs: Vec<Recorded>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recorded {
    /// Its scenario.
    pub scenario: String,
    /// Its seed.
    pub seed: u64,
    /// Equal for equal runs.
    pub fingerprint: String,
    /// Processor time while recording, milliseconds.
    pub cpu_ms: f64,
    /// Numbers of the mutants whose places it executes, in order.
    pub reached: Vec<u32>,
}

impl Baseline {
    /// Reads what was recorded of this copy, or records it.
    ///
    /// # Errors
    /// A run is violated without a mutant, or cannot be performed.
    pub fn of(folders: &Folders, catalogue: &Catalogue, seeds: u64, jobs: usize) -> Result<Baseline, Trouble> {
        let path = folders.work.join("baseline.json");
        if let Ok(text) = fs::read_to_string(&path)
            && let Ok(there) = serde_json::from_str::<Baseline>(&text)
            && there.catalogue == catalogue.key
            && there.seeds >= seeds
        {
            return Ok(there.first(seeds));
        }
        let baseline = record(folders, catalogue, seeds, jobs)?;
        let text = serde_json::to_vec(&baseline).expect("a baseline is plain data");
        fs::write(&path, text).about(&path)?;
        Ok(baseline)
    }

    fn first(mut self, seeds: u64) -> Baseline {
        self.runs.retain(|run| run.seed <= seeds);
        Baseline { seeds, ..self }
    }

    /// The runs that reach this mutant.
    pub fn reaching(&self, number: u32) -> Vec<(String, u64)> {
        let reaching = self
            .runs
            .iter()
            .filter(|run| run.reached.binary_search(&number).is_ok());
        reaching.map(|run| (run.scenario.clone(), run.seed)).collect()
    }

    /// The fingerprint of a run.
    pub fn fingerprint(&self, scenario: &str, seed: u64) -> Option<&str> {
        let found = self
            .runs
            .iter()
            .find(|run| run.seed == seed && run.scenario == scenario);
        found.map(|run| run.fingerprint.as_str())
    }
}

/// The scenarios, and how many seeds are the whole of each.
fn scenarios(judge: &Path) -> Result<Vec<(String, u64)>, Trouble> {
    let listed = Command::new(judge).args(["--runs", "--list"]).output().about(judge)?;
    let listed = String::from_utf8_lossy(&listed.stdout);
    let parts = listed.lines().filter_map(|line| line.split_once(' '));
    let read = parts.map(|(name, seeds)| Some((name.to_owned(), seeds.parse().ok()?)));
    let unreadable = || Trouble::Said(format!("{} lists its scenarios in another way", judge.display()));
    read.collect::<Option<_>>().ok_or_else(unreadable)
}

/// All runs, in the order in which a mutant meets them.
fn in_order(scenarios: &[(String, u64)], seeds: u64) -> Vec<(String, u64)> {
    let rounds = (0..seeds).flat_map(|round| {
        scenarios.iter().flat_map(move |(scenario, whole)| {
            let whole = (*whole).min(seeds);
            let seeds = match round {
                0 => 1..=whole,
                _ => whole + round..=whole + round,
            };
            seeds.map(move |seed| (scenario.clone(), seed))
        })
    });
    rounds.filter(|(_, seed)| *seed <= seeds).collect()
}

fn record(folders: &Folders, catalogue: &Catalogue, seeds: u64, jobs: usize) -> Result<Baseline, Trouble> {
    let judge: PathBuf = folders.judge();
    let scenarios = scenarios(&judge)?;
    let all = in_order(&scenarios, seeds);
    let one = |job: usize| -> Result<Vec<RunLine>, Trouble> {
        let runs: Vec<_> = all.iter().skip(job).step_by(jobs).cloned().collect();
        let child = Child {
            program: &judge,
            switch: "record",
            cpu_s: 24 * 3600,
            run_s: 120,
        };
        let mut lines = vec![];
        let end = child.perform(&runs, |line| {
            lines.push(line);
            ControlFlow::Continue(())
        })?;
        match end {
            End::Ended => Ok(lines),
            end => Err(Trouble::Said(format!("the runs without a mutant did not end: {end:?}"))),
        }
    };
    let lines: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..jobs).map(|job| scope.spawn(move || one(job))).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("recording does not panic"))
            .collect()
    });
    let mut recorded = BTreeMap::new();
    for line in lines.into_iter().collect::<Result<Vec<_>, _>>()?.into_iter().flatten() {
        let (scenario, seed) = (line.scenario, line.seed);
        if let Some(violated) = line.violations.first() {
            return Err(Trouble::Said(format!(
                "{scenario}, seed {seed}, is violated without a mutant, so it judges none: {}: {}",
                violated.property, violated.what
            )));
        }
        let Some(fingerprint) = line.fingerprint else {
            let error = line.error.unwrap_or_default();
            return Err(Trouble::Said(format!(
                "{scenario}, seed {seed}, cannot be performed: {error}"
            )));
        };
        let place = all.iter().position(|(other, of)| *other == scenario && *of == seed);
        let (cpu_ms, reached) = (line.cpu_ms, line.reached);
        recorded.insert(
            place,
            Recorded {
                scenario,
                seed,
                fingerprint,
                cpu_ms,
                reached,
            },
        );
    }
    Ok(Baseline {
        catalogue: catalogue.key.clone(),
        seeds,
        runs: recorded.into_values().collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::in_order;

    #[test]
    fn each_scenario_comes_as_a_whole_before_any_comes_again() {
        let scenarios = [("all".to_owned(), 3), ("one".to_owned(), 1)];
        let order = in_order(&scenarios, 4);
        let shown: Vec<String> = order.iter().map(|(name, seed)| format!("{name} {seed}")).collect();
        assert_eq!(
            shown,
            ["all 1", "all 2", "all 3", "one 1", "all 4", "one 2", "one 3", "one 4"]
        );
        assert_eq!(
            in_order(&scenarios, 1).len(),
            2,
            "a list may be longer than what is asked for"
        );
    }
}
