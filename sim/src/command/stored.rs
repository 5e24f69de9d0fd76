//! Reads the folder of a sweep. The sweep may have been killed, its files torn, or written by another build.

use super::{
    Trouble,
    folder::{HEADER, Header, RUNS, VERSION},
    summary::RunSummary,
};
use crate::{property::Violation, scenario::Scenario, service::Service, suite::Suite};
use serde::Deserialize;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

/// A sweep, as stored in its folder.
pub(crate) struct StoredSweep {
    pub(crate) folder: PathBuf,
    pub(crate) header: Header,
    /// Its runs, each with its processor time, in the order in which they ended.
    pub(crate) runs: Vec<(RunSummary, Duration)>,
    /// The last line if it is incomplete, because the process was killed while it was writing.
    pub(crate) torn: Option<String>,
}

/// A line, as read. Names that the suite does not know come from another build.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReadLine {
    #[serde(default)]
    build: Option<String>,
    scenario: String,
    seed: u64,
    simulated_ms: u64,
    fingerprint: Option<String>,
    violations: Vec<Violation>,
    reached: Vec<String>,
    faults: usize,
    faults_in_flight: usize,
    triggers: usize,
    triggers_missed: usize,
    vacuous: bool,
    operations: usize,
    whole: usize,
    error: Option<String>,
    plan: Option<String>,
    drawn: bool,
    cpu_ms: u64,
    #[serde(default)]
    behaviours: Vec<u32>,
    #[serde(default)]
    skipped: bool,
}

impl StoredSweep {
    /// Reads the whole folder, without changing it.
    ///
    /// # Errors
    /// What is wrong, where, and what to do.
    pub(crate) fn read<S: Service>(suite: &Suite<S>, folder: &Path) -> Result<StoredSweep, Trouble> {
        let header = read_header(folder, suite.command)?;
        let mut stored = StoredSweep {
            folder: folder.to_owned(),
            header,
            runs: vec![],
            torn: None,
        };
        if let Some(bug) = &stored.header.bug {
            let header = folder.join(HEADER);
            (suite.find_bug(bug)).map_err(|error| {
                let header = header.display();
                Trouble(format!("{header}: {error}. Merge with the build that ran the sweep"))
            })?;
        }
        let file = folder.join(RUNS);
        // Read as bytes, because a line may be torn within a character.
        let bytes = fs::read(&file).map_err(|error| Trouble(format!("cannot read {}: {error}", file.display())))?;
        let mut scenarios: BTreeMap<String, &Scenario<S>> = BTreeMap::new();
        for name in &stored.header.scenarios {
            let scenario = suite.find_scenario(name).map_err(|error| {
                let header = folder.join(HEADER);
                Trouble(format!(
                    "{}: {error}. Merge with the build that ran the sweep",
                    header.display()
                ))
            })?;
            scenarios.insert(name.clone(), scenario);
        }
        for (index, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
            let place = format!("{} line {}", file.display(), index + 1);
            if line.last() != Some(&b'\n') {
                stored.torn = Some(format!(
                    "{place} is torn: the sweep was stopped while it was written. The {index} lines before it are whole"
                ));
                break;
            }
            let read = serde_json::from_slice(line).map_err(|error| {
                Trouble(format!(
                    "{place} is no run: {error}. Mend the line, or take it out and add --partial"
                ))
            })?;
            let read: ReadLine = read;
            let run =
                known(read, &scenarios, &stored.header, folder).map_err(|what| Trouble(format!("{place}: {what}")))?;
            stored.runs.push(run);
        }
        Ok(stored)
    }
}

fn read_header(folder: &Path, command: &str) -> Result<Header, Trouble> {
    let file = folder.join(HEADER);
    let wrong = |what: String| Trouble(format!("{}: {what}", file.display()));
    let text = fs::read_to_string(&file).map_err(|error| {
        wrong(format!(
            "{error}. Name the folder of a sweep, as `{command} explore` leaves it"
        ))
    })?;
    let value: Value = serde_json::from_str(&text).map_err(|error| wrong(format!("this is no JSON: {error}")))?;
    match value["version"].as_u64() {
        Some(version) if version == u64::from(VERSION) => {}
        Some(version) => {
            return Err(wrong(format!(
                "it has version {version}, and this build reads version {VERSION}: use the build that ran the sweep"
            )));
        }
        None => return Err(wrong("there is no version in it, so it is no sweep's header".into())),
    }
    let header: Header = serde_json::from_value(value).map_err(|error| wrong(error.to_string()))?;
    match (header.to, header.lasts_ms) {
        (Some(_), None) | (None, Some(_)) => Ok(header),
        _ => Err(wrong("exactly one of `to` and `lasts_ms` must be given".into())),
    }
}

fn known<S: Service>(
    line: ReadLine,
    scenarios: &BTreeMap<String, &Scenario<S>>,
    header: &Header,
    folder: &Path,
) -> Result<(RunSummary, Duration), String> {
    if line.build.is_some() && line.build != header.build {
        let build = line.build.unwrap_or_default();
        return Err(format!(
            "another build ran it ({build}): a folder holds the runs of one build"
        ));
    }
    let Some(scenario) = scenarios.get(&line.scenario) else {
        return Err(format!("the sweep has no scenario {:?}", line.scenario));
    };
    let marks = scenario.marks();
    let mark = |name: &String| {
        let found = marks.iter().find(|mark| mark.name == name).map(|mark| mark.name);
        found.ok_or_else(|| {
            let scenario = scenario.name();
            format!("{scenario} has no mark {name:?} here: merge with the build that ran the sweep")
        })
    };
    let run = RunSummary {
        scenario: scenario.name(),
        seed: line.seed,
        simulated_ms: line.simulated_ms,
        fingerprint: line.fingerprint,
        violations: line.violations,
        reached: line.reached.iter().map(mark).collect::<Result<_, _>>()?,
        faults: line.faults,
        faults_in_flight: line.faults_in_flight,
        triggers: line.triggers,
        triggers_missed: line.triggers_missed,
        vacuous: line.vacuous,
        operations: line.operations,
        whole: line.whole,
        behaviours: line.behaviours,
        error: line.error,
        file: (line.plan.as_ref().filter(|_| !line.drawn)).map(|plan| folder.join(plan).display().to_string()),
        plan: line.plan,
        drawn: line.drawn,
        engine: header.engine,
        skipped: line.skipped,
    };
    Ok((run, Duration::from_millis(line.cpu_ms)))
}
