//! `explore --shrink`: the failures of a sweep, shrunk and grouped, so that each bug is one line.

use super::{
    Trouble,
    replay_line::{self, With},
    shrink,
    shrinking::{self, Budget, Task, stamp},
    table,
};
use crate::{
    plan::Plan,
    property::Violation,
    service::Service,
    shrink::{Reason, Shape, group},
    suite::{PlantedBug, Suite},
};
use std::{
    collections::BTreeMap,
    fmt::Write,
    path::{Path, PathBuf},
};

/// The largest number of failures of one scenario and one reason that are shrunk; the others are counted.
const SHRUNK_MAX: usize = 3;

/// A failure of a sweep.
pub(crate) struct Failure<'a> {
    pub(crate) scenario: &'static str,
    pub(crate) seed: u64,
    pub(crate) violations: &'a [Violation],
    /// The file of its plan, if the seed does not give the plan.
    pub(crate) file: Option<&'a str>,
}

/// The failures as text: one line for each bug, with its smallest plan.
pub(crate) fn text<'a, S: Service>(
    suite: &Suite<S>,
    failures: impl IntoIterator<Item = Failure<'a>>,
    bug: Option<&PlantedBug<S>>,
    folder: &Path,
) -> Result<String, Trouble> {
    let bug_name = bug.map(|bug| bug.name);
    let mut alike: BTreeMap<(&'static str, Reason), Vec<Failure<'a>>> = BTreeMap::new();
    for failure in failures {
        if let Ok(reason) = shrinking::reason(failure.violations, None, bug) {
            alike.entry((failure.scenario, reason)).or_default().push(failure);
        }
    }
    let mut found: Vec<(Reason, Shape, (usize, PathBuf, usize))> = vec![];
    for ((name, reason), failures) in alike {
        let scenario = suite.find_scenario(name)?;
        for (nth, failure) in failures.iter().take(SHRUNK_MAX).enumerate() {
            let plan = match failure.file {
                Some(file) => Plan::read(file)?,
                None => scenario.plan(failure.seed),
            };
            let shrunk = shrinking::make(&Task {
                scenario,
                plan: &plan,
                bug,
                reason: &reason,
                budget: Budget::default(),
                steps_folder: None,
                stamp: stamp(suite, bug),
                quiet: false,
            })?;
            let written = match failure.file {
                Some(file) => PathBuf::from(file),
                None => super::failures::write(folder, &plan, stamp(suite, bug))?,
            };
            let path = shrink::beside(&written);
            shrunk.plan.stamped(stamp(suite, bug)).write(&path)?;
            // The failures that were not shrunk are counted with the first one.
            let runs = if nth == 0 {
                failures.len().saturating_sub(SHRUNK_MAX) + 1
            } else {
                1
            };
            found.push((
                reason.clone(),
                Shape::of(&shrunk.plan),
                (shrunk.after.items(), path, runs),
            ));
        }
    }
    let with = With {
        bug: bug_name,
        ..With::default()
    };
    let mut text = String::new();
    for group in group(found) {
        let runs = group.members.iter().map(|(.., runs)| runs).sum();
        let smallest = group.members.iter().min().expect("a group has members");
        let _ = writeln!(
            text,
            "{} in {}: {}",
            group.reason,
            table::count(runs, "run"),
            group.shape
        );
        let file = smallest.1.display().to_string();
        let _ = writeln!(text, "  {}", replay_line::line(suite, &file, None, with));
    }
    Ok(text)
}
