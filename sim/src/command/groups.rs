//! `explore --shrink`: what failed in a sweep, made small and grouped, so that one bug is one line.

use super::{
    Trouble, shrink, small,
    small::{Budget, Task},
    table,
};
use scenarios::{catalogue, planted};
use sim::{
    plan::Plan,
    property::Violation,
    shrink::{Reason, Shape, group},
};
use std::{
    collections::BTreeMap,
    fmt::Write,
    path::{Path, PathBuf},
};

/// So many failures of one scenario and one reason are made small; the others are counted.
const SHRUNK_MAX: usize = 3;

/// A failure of a sweep.
pub(crate) struct Failure<'a> {
    pub(crate) scenario: &'static str,
    pub(crate) seed: u64,
    pub(crate) violations: &'a [Violation],
    /// The plan, if the seed does not draw it.
    pub(crate) file: Option<&'a str>,
}

/// What failed: a line for each bug, with the small plan that shows it best.
pub(crate) fn told<'a>(
    failures: impl IntoIterator<Item = Failure<'a>>,
    plant: Option<&str>,
    folder: &Path,
) -> Result<String, Trouble> {
    let plant = plant.map(planted::find).transpose()?;
    let mut alike: BTreeMap<(&'static str, Reason), Vec<Failure<'a>>> = BTreeMap::new();
    for failure in failures {
        if let Ok(reason) = small::reason(failure.violations, None, plant.as_ref()) {
            alike.entry((failure.scenario, reason)).or_default().push(failure);
        }
    }
    let mut found: Vec<(Reason, Shape, (usize, PathBuf, usize))> = vec![];
    for ((name, reason), failures) in alike {
        let scenario = catalogue::find(name)?;
        for (nth, failure) in failures.iter().take(SHRUNK_MAX).enumerate() {
            let plan = match failure.file {
                Some(file) => Plan::read(file)?,
                None => scenario.plan(failure.seed),
            };
            let shrunk = small::make(&Task {
                scenario: &scenario,
                plan: &plan,
                plant: plant.as_ref(),
                reason: &reason,
                budget: Budget::default(),
                keep_steps: None,
                quiet: false,
            })?;
            let written = match failure.file {
                Some(file) => PathBuf::from(file),
                None => super::failures::write(folder, &plan, plant.as_ref().map(|bug| bug.name))?,
            };
            let path = shrink::beside(&written);
            shrunk.plan.write(&path)?;
            // those that were not made small stand behind the first
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
    let with = plant.map(|bug| format!(" --plant {}", bug.name)).unwrap_or_default();
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
        let _ = writeln!(text, "  cargo squall replay {}{with}", smallest.1.display());
    }
    Ok(text)
}
