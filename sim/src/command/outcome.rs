//! The outcome of a sweep: the table and the requested files. The same for a sweep that ran here and for one that was
//! merged from shards.

use super::{
    Conclusion, Trouble, annotations, findings,
    folder::{self, Header, Line},
    interrupt, junit, marks, output,
    report::{self, Pages},
    say,
    summary::{Coverage, RunSummary, ScenarioSummary},
    table, tell,
};
use crate::{scenario::Scenario, service::Service, simulator::EngineKind, suite::Suite};
use clap::Args as ClapArgs;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    env,
    fs::File,
    io::{self, Write},
    path::{Path, PathBuf},
    time::Duration,
};

/// What to write, and where.
#[derive(Debug, ClapArgs)]
pub(crate) struct Outputs {
    /// Write everything to this file, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write one line of JSON a run to this file, as runs end; `-` is standard output; what people read then goes to standard error
    #[arg(long, value_name = "FILE|-")]
    jsonl: Option<PathBuf>,
    /// Write a JUnit file: a test case for each scenario, with the lines that replay its failures
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Print failures as GitHub's annotations [default: where GITHUB_ACTIONS is true]
    #[arg(long)]
    annotations: bool,
    /// Show in how many runs each mark was reached
    #[arg(long)]
    marks: bool,
    /// Write pages, one for the sweep (index.html) and one for each failure: they open offline [default folder: report in the sweep's]
    #[arg(long, value_name = "DIR", num_args = 0..=1)]
    report: Option<Option<PathBuf>>,
}

/// A sweep that has ended.
pub(crate) struct Swept<'a, S: Service> {
    /// The header of the sweep.
    pub(crate) header: Header,
    /// The scenarios, in the order of the table.
    pub(crate) scenarios: Vec<&'a Scenario<S>>,
    /// Their runs, in any order.
    pub(crate) runs: BTreeMap<&'static str, Vec<RunSummary>>,
    /// Real time.
    pub(crate) wall: Duration,
    /// Processor time of each scenario.
    pub(crate) cpu: BTreeMap<&'static str, Duration>,
    /// Reasons why runs are missing, or why it is unknown whether the runs belong together.
    pub(crate) gaps: Vec<String>,
    /// Its pages, if they were requested.
    pub(crate) pages: Option<Pages>,
    /// The folder of the plans of failing runs.
    pub(crate) plans: String,
}

impl Outputs {
    /// Checks beforehand, as far as possible, that all outputs can be written.
    ///
    /// # Errors
    /// What is wrong, and what to do.
    pub(crate) fn check(&self, kept: bool) -> Result<(), Trouble> {
        for (option, file) in [
            ("--json", &self.json),
            ("--junit", &self.junit),
            ("--jsonl", &self.jsonl),
        ] {
            if let Some(file) = file.as_deref().filter(|file| *file != Path::new("-")) {
                super::must_be_writable(option, file)?;
            }
        }
        let files = [
            ("--json", &self.json),
            ("--junit", &self.junit),
            ("--jsonl", &self.jsonl),
        ];
        let named: Vec<(&str, &Path)> = (files.into_iter())
            .filter_map(|(option, file)| Some((option, file.as_deref()?)))
            .filter(|(_, file)| !file.starts_with("/dev"))
            .collect();
        for (place, (option, file)) in named.iter().enumerate() {
            if let Some((other, _)) = named[..place].iter().find(|(_, other)| other == file) {
                return Err(Trouble(format!(
                    "{other} and {option}: both would be written to {}; name two files",
                    file.display()
                )));
            }
        }
        match &self.report {
            Some(Some(folder)) => report::make_folder(folder),
            Some(None) if !kept => Err(Trouble(
                "--report: into which folder? Name one, or keep the sweep with --out".into(),
            )),
            _ => Ok(()),
        }
    }

    /// Opens the output for a line for each run, if it was requested.
    ///
    /// # Errors
    /// The error of the file system.
    pub(crate) fn lines(&self) -> Result<Option<Lines>, Trouble> {
        let Some(file) = &self.jsonl else { return Ok(None) };
        let to: Box<dyn Write> = match self.is_piped() {
            true => Box::new(io::stdout()),
            false => Box::new(File::create(file).map_err(|error| wrong("--jsonl", file, &error))?),
        };
        let (to, failed) = (Some(to), None);
        Ok(Some(Lines {
            file: file.clone(),
            to,
            failed,
        }))
    }

    /// The pages, if they were requested; by default in the sweep's folder.
    ///
    /// # Errors
    /// The error of the file system.
    pub(crate) fn pages(&self, kept: Option<&Path>) -> Result<Option<Pages>, Trouble> {
        let folder = match (&self.report, kept) {
            (Some(Some(folder)), _) => folder.clone(),
            (Some(None), Some(kept)) => kept.join(folder::REPORT),
            _ => return Ok(None),
        };
        Pages::new(folder).map(Some)
    }

    /// Whether pages were requested.
    pub(crate) fn reports(&self) -> bool {
        self.report.is_some()
    }

    /// Prints text for people.
    pub(crate) fn print(&self, text: impl std::fmt::Display) {
        match self.is_piped() {
            true => tell(text),
            false => say(text),
        }
    }

    fn is_piped(&self) -> bool {
        self.jsonl.as_deref() == Some(Path::new("-"))
    }

    fn annotates(&self) -> bool {
        self.annotations || env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true")
    }
}

/// Lines of JSON for another program. It is not an error if that program has closed its end.
pub(crate) struct Lines {
    file: PathBuf,
    /// The output, until a write fails: a line after a missing one would hide the gap.
    to: Option<Box<dyn Write>>,
    failed: Option<io::Error>,
}

impl Lines {
    pub(crate) fn add(&mut self, run: &RunSummary, cpu_ms: u64, build: Option<&str>) {
        let line = Line {
            build,
            run,
            cpu_ms,
            behaviours: None,
        };
        if let Some(to) = &mut self.to
            && let Err(error) = line.write(to)
        {
            (self.to, self.failed) = (None, Some(error));
        }
    }

    /// Checks that all lines were written.
    ///
    /// # Errors
    /// The error of the file system.
    pub(crate) fn end(self) -> Result<(), Trouble> {
        match self.failed {
            Some(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(wrong("--jsonl", &self.file, &error)),
            _ => Ok(()),
        }
    }
}

/// Prints the outcome of a sweep and writes the requested files; returns the conclusion and whether everything was
/// written. A failed output changes neither the conclusion nor the other outputs.
pub(crate) fn conclude<S: Service>(
    suite: &Suite<S>,
    swept: &mut Swept<'_, S>,
    outputs: &Outputs,
) -> (Conclusion, Result<(), Trouble>) {
    let header = &swept.header;
    let bug = header.bug.as_deref();
    let coverage = match (bug, header.shard) {
        (None, Some(_)) => Coverage::Shard,
        (None, None) if header.engine == EngineKind::EventLoop => Coverage::Full,
        _ => Coverage::Partial,
    };
    let mut summaries = vec![];
    for scenario in &swept.scenarios {
        let runs = swept.runs.entry(scenario.name()).or_default();
        runs.sort_by_key(|run| run.seed);
        summaries.push(ScenarioSummary::of(scenario, runs, coverage));
    }
    let all: Vec<&RunSummary> = (swept.scenarios.iter())
        .flat_map(|scenario| &swept.runs[scenario.name()])
        .collect();
    let to = all.iter().map(|run| run.seed + 1).max().unwrap_or(header.from);
    let to = header.to.unwrap_or(to);
    let doubts = doubts(header, &summaries);
    let complete = match swept.gaps.is_empty() && doubts.is_empty() {
        true => Conclusion::Held,
        false => Conclusion::Inconclusive,
    };
    let conclusion = (summaries.iter().map(ScenarioSummary::conclusion)).fold(complete, Conclusion::max);
    let cpu: Duration = swept.cpu.values().sum();

    outputs.print(findings::text(suite, &table::look(), &summaries, bug));
    if outputs.marks {
        outputs.print(marks::text(&table::look(), &summaries));
    }
    for gap in &swept.gaps {
        outputs.print(format!("Incomplete: {gap}"));
    }
    for doubt in &doubts {
        outputs.print(format!("Inconclusive: {doubt}"));
    }
    let runs = all.iter().filter(|run| !run.skipped).count();
    outputs.print(format!(
        "{}, {} s simulated in {} s ({} s of CPU){}: {}",
        table::count(runs, "run"),
        table::thousands(summaries.iter().map(|s| s.simulated_ms).sum::<u64>() / 1000),
        swept.wall.as_secs(),
        cpu.as_secs(),
        suite.build.map_or(String::new(), |build| format!(", build {build}")),
        findings::clause(conclusion, runs, &summaries, header.shard)
    ));
    let open: Vec<String> = swept.gaps.iter().chain(&doubts).cloned().collect();
    if outputs.annotates() {
        outputs.print(annotations::text(suite, &summaries, &open, bug).trim_end());
    }
    if all.iter().any(|run| run.plan.is_some()) {
        outputs.print(format!("The plans of runs that failed are in {}", swept.plans));
    }
    let (start, options) = (suite.command, header.options(suite));
    let again = format!("{start} --seeds {}..{to}{options}", header.from);
    if header.to.is_none() && !all.is_empty() {
        outputs.print(format!("The same seeds again: {again}"));
    }
    let mut written = vec![];
    if let Some(file) = &outputs.json {
        let everything = json!({
            "version": 2,
            "conclusion": conclusion.word(),
            "gaps": swept.gaps,
            "doubts": doubts,
            "build": header.build,
            "bug": header.bug,
            "engine": header.engine,
            "shard": header.shard,
            "seeds": { "from": header.from, "to": to },
            "wall_seconds": swept.wall.as_secs_f64(),
            "cpu_seconds": cpu.as_secs_f64(),
            "scenarios": summaries,
            "marks": marks::rows(&summaries).map(|row| json!(row)).collect::<Vec<Value>>(),
            "runs": all,
        });
        let text = format!("{everything:#}\n");
        written.push(std::fs::write(file, text).map_err(|error| wrong("--json", file, &error)));
    }
    if let Some(file) = &outputs.junit {
        let text = junit::text(suite, &summaries, &open, &swept.cpu, bug);
        written.push(text.and_then(|text| std::fs::write(file, text).map_err(|error| wrong("--junit", file, &error))));
    }
    match &swept.pages {
        Some(_) if interrupt::asked() => {
            outputs.print(format!(
                "There is no index.html after an interruption: {start} merge DIR --partial --report DIR writes it"
            ));
        }
        Some(pages) => {
            let verdict = report::Verdict {
                conclusion,
                open: &open,
                what: report::what_was_run(swept.scenarios.len(), &header.what(), bug, suite.build),
                again: &again,
            };
            let index = report::write_sweep(suite, pages, &summaries, &all, bug, &verdict);
            written.push(index.map(|index| outputs.print(format!("The report is {}", index.display()))));
        }
        None => {}
    }
    (conclusion, output::all(written))
}

/// The reasons why the sweep as a whole proves nothing, although every run may have held.
fn doubts(header: &Header, summaries: &[ScenarioSummary]) -> Vec<String> {
    let mut doubts = vec![];
    if summaries.iter().all(|summary| summary.runs == 0) {
        doubts.push("there was no run, so nothing was put to the test".to_owned());
    }
    let nothing_violated = || summaries.iter().all(|summary| summary.violated.is_empty());
    // A shard has only some of the runs.
    if let (Some(bug), None) = (&header.bug, header.shard)
        && nothing_violated()
    {
        doubts.push(format!("the planted bug {bug} was not detected"));
    }
    doubts
}

fn wrong(option: &str, file: &Path, error: &io::Error) -> Trouble {
    Trouble(format!("{option}: cannot write {}: {error}", file.display()))
}
