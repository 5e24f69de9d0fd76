//! The page of a sweep, and the pages of the runs that failed in it.

use super::super::{
    Conclusion, Trouble, findings,
    perform::perform,
    replay_line::{self, With},
    summary::{Group, RunSummary, ScenarioSummary},
    table,
};
use crate::{
    judge::JudgeOptions,
    plan::Plan,
    report::html::{SweepData, SweepFailure, SweepMark, SweepScenario, sweep_page},
    service::Service,
    suite::{PlantedBug, Suite},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard},
};

/// The largest number of failing runs of one property and scenario that get a page; the rest are counted.
const PAGES_MAX: usize = 3;

/// The run of a page.
struct Which<'a, S: Service> {
    suite: &'a Suite<S>,
    scenario: &'static str,
    seed: u64,
    bug: Option<&'a PlantedBug<S>>,
}

/// The pages of a sweep. The pages of failed runs are written while the sweep runs.
pub(crate) struct Pages {
    folder: PathBuf,
    written: Mutex<Written>,
}

#[derive(Default)]
struct Written {
    /// Names of the files written so far.
    files: BTreeSet<String>,
    /// Number of pages for each scenario and property.
    of: BTreeMap<(&'static str, String), usize>,
}

impl Pages {
    /// Pages in this folder, which is created.
    ///
    /// # Errors
    /// The error of the file system.
    pub(crate) fn new(folder: PathBuf) -> Result<Pages, Trouble> {
        make_folder(&folder)?;
        let written = Mutex::default();
        Ok(Pages { folder, written })
    }

    /// Writes the page of a failed run, if it is among the first of its kind.
    ///
    /// # Errors
    /// The error of the file system, with the file.
    pub(crate) fn add<S: Service>(
        &self,
        suite: &Suite<S>,
        run: &RunSummary,
        plan: &Plan<S>,
        bug: Option<&PlantedBug<S>>,
    ) -> Result<(), Trouble> {
        let mut wanted = false;
        {
            let mut written = self.written();
            for violation in &run.violations {
                let of = written
                    .of
                    .entry((run.scenario, violation.property.clone()))
                    .or_default();
                wanted |= *of < PAGES_MAX;
                *of += 1;
            }
        }
        if wanted {
            let with = With {
                bug: bug.map(|bug| bug.name),
                engine: run.engine,
            };
            let line = match &run.file {
                Some(file) => replay_line::line(suite, file, None, with),
                None => replay_line::line(suite, run.scenario, Some(run.seed), with),
            };
            let which = Which {
                suite,
                scenario: run.scenario,
                seed: run.seed,
                bug,
            };
            self.page(&which, &line, || Ok(plan.clone()))?;
        }
        Ok(())
    }

    /// Performs a run again, this time with its messages, and writes its page, unless the page exists already.
    fn page<S: Service>(
        &self,
        which: &Which<'_, S>,
        line: &str,
        plan: impl FnOnce() -> Result<Plan<S>, Trouble>,
    ) -> Result<String, Trouble> {
        let (bug, name, seed) = (which.bug, which.scenario, which.seed);
        let suffix = bug.map(|bug| format!("-{}", bug.name)).unwrap_or_default();
        let file = format!("{name}-{seed}{suffix}.html");
        if self.written().files.contains(&file) {
            return Ok(file);
        }
        let scenario = which.suite.find_scenario(name)?;
        let options = JudgeOptions {
            keep_messages: true,
            ..JudgeOptions::default()
        };
        let run = perform(scenario, &plan()?, bug, &options)?;
        super::write(
            &self.folder.join(&file),
            &super::page(which.suite, scenario, &run, bug, line),
        )?;
        self.written().files.insert(file.clone());
        Ok(file)
    }

    fn written(&self) -> MutexGuard<'_, Written> {
        self.written.lock().expect("nothing panics while it is locked")
    }
}

/// The verdict on a sweep, as the command line prints it.
pub(crate) struct Verdict<'a> {
    pub(crate) conclusion: Conclusion,
    /// The reasons why the sweep as a whole proves nothing.
    pub(crate) open: &'a [String],
    /// The scenarios and seeds, in one line.
    pub(crate) what: String,
    /// The line that runs the sweep again.
    pub(crate) again: &'a str,
}

/// Writes `index.html`, and a page for the first runs of each failure.
///
/// # Errors
/// The error of the file system, with the file.
pub(crate) fn write_sweep<S: Service>(
    suite: &Suite<S>,
    pages: &Pages,
    summaries: &[ScenarioSummary],
    runs: &[&RunSummary],
    bug: Option<&str>,
    verdict: &Verdict<'_>,
) -> Result<PathBuf, Trouble> {
    let bug = bug.map(|bug| suite.find_bug(bug)).transpose()?;
    let mut failures = vec![];
    for summary in summaries {
        for group in &summary.violated {
            failures.push(failure(suite, pages, summary, group, bug, true)?);
        }
        for group in &summary.errors {
            failures.push(failure(suite, pages, summary, group, bug, false)?);
        }
    }
    let open = match (verdict.conclusion, verdict.open) {
        (Conclusion::Violated, _) | (_, []) => String::new(),
        (_, open) => format!(": {}", open.join("; ")),
    };
    let data = SweepData {
        what: verdict.what.clone(),
        verdict: format!("{}{open}", findings::verdict(verdict.conclusion)),
        good: verdict.conclusion == Conclusion::Held,
        replay: verdict.again.to_owned(),
        scenarios: summaries.iter().map(|summary| scenario(suite, summary)).collect(),
        failures,
        marks: summaries.iter().flat_map(marks).collect(),
        behaviours: over_time(runs),
    };
    let index = pages.folder.join("index.html");
    super::write(&index, &sweep_page(&data))?;
    Ok(index)
}

/// Creates the folder of the pages if it does not exist.
///
/// # Errors
/// The error of the file system. It is better to get it before the sweep than after it.
pub(crate) fn make_folder(folder: &Path) -> Result<(), Trouble> {
    fs::create_dir_all(folder).map_err(|error| {
        Trouble(format!(
            "--report: cannot make the folder {}: {error}",
            folder.display()
        ))
    })
}

fn failure<S: Service>(
    suite: &Suite<S>,
    pages: &Pages,
    summary: &ScenarioSummary,
    group: &Group,
    bug: Option<&PlantedBug<S>>,
    with_pages: bool,
) -> Result<SweepFailure, Trouble> {
    let mut examples = vec![];
    for seed in group.seeds.iter().take(PAGES_MAX) {
        let line = group.line(suite, summary.scenario, *seed, bug.map(|bug| bug.name));
        let plan = || match group.files.get(seed) {
            Some(file) => Ok(Plan::read(file)?),
            None => Ok(suite.find_scenario(summary.scenario)?.plan(*seed)),
        };
        let page = match with_pages {
            true => {
                let which = Which {
                    suite,
                    scenario: summary.scenario,
                    seed: *seed,
                    bug,
                };
                Some(pages.page(&which, &line, plan)?)
            }
            false => None,
        };
        examples.push((line, page));
    }
    Ok(SweepFailure {
        scenario: summary.scenario.to_owned(),
        what: group.what.clone(),
        example: group.example.clone(),
        runs: group.seeds.len() as u64,
        examples,
    })
}

fn scenario<S: Service>(suite: &Suite<S>, summary: &ScenarioSummary) -> SweepScenario {
    let failed: BTreeSet<u64> = summary
        .violated
        .iter()
        .flat_map(|group| group.seeds.iter().copied())
        .collect();
    SweepScenario {
        name: summary.scenario.to_owned(),
        title: suite
            .find_scenario(summary.scenario)
            .map(|found| found.title().to_owned())
            .unwrap_or_default(),
        runs: summary.runs as u64,
        simulated_ms: summary.simulated_ms,
        faults: (summary.faults as u64, summary.faults_in_flight as u64),
        violated: failed.len() as u64,
        doubts: summary.inconclusive.clone(),
    }
}

fn marks(summary: &ScenarioSummary) -> impl Iterator<Item = SweepMark> {
    summary.marks.iter().map(|(mark, reached)| SweepMark {
        scenario: summary.scenario.to_owned(),
        mark: (*mark).to_owned(),
        reached: *reached as u64,
        of: summary.runs as u64,
    })
}

/// Number of known behaviours after each run that showed a new one, in the order of seeds.
fn over_time(runs: &[&RunSummary]) -> Vec<(u64, u64)> {
    let mut runs: Vec<&&RunSummary> = runs.iter().collect();
    runs.sort_by_key(|run| run.seed); // stable: by scenario within a seed, in the order of the runs
    let (mut known, mut steps) = (BTreeSet::new(), vec![]);
    for (place, run) in runs.iter().enumerate() {
        let before = known.len();
        known.extend(run.behaviours.iter().copied());
        if known.len() > before || place + 1 == runs.len() {
            steps.push((place as u64 + 1, known.len() as u64));
        }
    }
    steps
}

/// The scenarios, seeds, planted bug and build, in one line.
pub(crate) fn what_was_run(scenarios: usize, what: &str, bug: Option<&str>, build: Option<&str>) -> String {
    let with = bug
        .map(|bug| format!(", with the planted bug {bug}"))
        .unwrap_or_default();
    let build = build.map(|build| format!(", build {build}")).unwrap_or_default();
    format!("{}, {what}{with}{build}", table::count(scenarios, "scenario"))
}
