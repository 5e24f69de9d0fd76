//! Shrinks failing plans, with a progress bar; used by `shrink`, `replay --shrink`, `explore --shrink` and
//! `bugs --shrink`.

use super::{Trouble, args, fresh, table};
use crate::{
    plan::{Plan, Stamp},
    property::Violation,
    scenario::Scenario,
    service::Service,
    shrink::{Reason, Shrunk, Size, shrink_failure},
    suite::{PlantedBug, Suite},
};
use indicatif::{ProgressBar, ProgressStyle};
use std::{fs, ops::ControlFlow, path::Path, str::FromStr, time::Duration};

/// The budget of shrinking: a number of runs, or processor time. Only a number of runs gives the same result on every
/// machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Budget {
    Runs(u64),
    Cpu(Duration),
}

impl Default for Budget {
    fn default() -> Budget {
        Budget::Runs(400)
    }
}

impl std::fmt::Display for Budget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Budget::Runs(runs) => runs.fmt(f),
            Budget::Cpu(cpu) => write!(f, "{}ms", cpu.as_millis()),
        }
    }
}

impl FromStr for Budget {
    type Err = String;

    fn from_str(text: &str) -> Result<Budget, String> {
        match text.parse() {
            Ok(0) => Err("at least one run is needed".into()),
            Ok(runs) => Ok(Budget::Runs(runs)),
            Err(_) => match args::duration(text) {
                Ok(cpu) => Ok(Budget::Cpu(cpu)),
                Err(_) => Err("write a number of runs, as in 400, or processor time, as in 30s".into()),
            },
        }
    }
}

/// A plan to shrink.
pub(crate) struct Task<'a, S: Service> {
    pub(crate) scenario: &'a Scenario<S>,
    pub(crate) plan: &'a Plan<S>,
    pub(crate) bug: Option<&'a PlantedBug<S>>,
    pub(crate) reason: &'a Reason,
    pub(crate) budget: Budget,
    /// The folder for every step that was accepted.
    pub(crate) steps_folder: Option<&'a Path>,
    /// The additional information in those files.
    pub(crate) stamp: Stamp<'a>,
    /// Whether to hide the progress bar.
    pub(crate) quiet: bool,
}

/// The additional information for the file of a plan that was performed here with this bug.
pub(crate) fn stamp<S: Service>(suite: &Suite<S>, bug: Option<&PlantedBug<S>>) -> Stamp<'static> {
    Stamp {
        bug: bug.map(|bug| bug.name),
        build: suite.build,
    }
}

/// Shrinks the plan.
pub(crate) fn make<S: Service>(task: &Task<'_, S>) -> Result<Shrunk<S>, Trouble> {
    if let Some(folder) = task.steps_folder {
        fs::create_dir_all(folder)
            .map_err(|error| Trouble(format!("cannot make the folder {}: {error}", folder.display())))?;
    }
    let (runs_max, cpu_max) = match task.budget {
        Budget::Runs(runs) => (runs, Duration::MAX),
        Budget::Cpu(cpu) => (u64::MAX, cpu),
    };
    let bar = bar(task);
    let (watch, cpu) = (fresh::Stopwatch::start(), fresh::thread_cpu());
    let spent = || match (cpu, fresh::thread_cpu()) {
        (Some(before), Some(now)) => now.saturating_sub(before),
        _ => watch.elapsed(),
    };
    let mut trouble = None;
    let shrunk = shrink_failure(task.scenario, task.plan, task.bug, task.reason, runs_max, |step| {
        bar.set_position(match task.budget {
            Budget::Runs(_) => step.runs,
            Budget::Cpu(_) => spent().as_secs(),
        });
        bar.set_message(format!("{} smaller: {}", step.taken, Size::of(step.plan)));
        if let (true, Some(folder)) = (step.smaller, task.steps_folder) {
            let written = step
                .plan
                .stamped(task.stamp)
                .write(folder.join(format!("{:04}.toml", step.taken)));
            trouble = written.err();
        }
        match trouble.is_some() || spent() >= cpu_max {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    });
    bar.finish_and_clear();
    match trouble {
        Some(trouble) => Err(trouble.into()),
        None => Ok(shrunk?),
    }
}

fn bar<S: Service>(task: &Task<'_, S>) -> ProgressBar {
    let (length, unit) = match task.budget {
        Budget::Runs(runs) => (runs, "runs"),
        Budget::Cpu(cpu) => (cpu.as_secs(), "s"),
    };
    let style = ProgressStyle::with_template(&format!("{{bar:32}} {{pos}}/{{len}} {unit}  {{wide_msg}}"));
    // Drawn on standard error, if that is a terminal.
    let bar = match task.quiet {
        true => ProgressBar::hidden(),
        false => ProgressBar::new(length),
    };
    bar.set_style(style.expect("the template is a constant"));
    bar
}

/// The reason for which to shrink: that of the requested property; otherwise that of the property that must detect the
/// planted bug; otherwise that of the first violation.
pub(crate) fn reason<S: Service>(
    violations: &[Violation],
    property: Option<&str>,
    bug: Option<&PlantedBug<S>>,
) -> Result<Reason, Trouble> {
    let of = |name: &str| violations.iter().find(|violation| violation.property == name);
    let names = || {
        violations
            .iter()
            .map(|v| v.property.clone())
            .collect::<Vec<_>>()
            .join(", ")
    };
    let found = match (property, bug) {
        (Some(name), _) => match of(name) {
            None if !violations.is_empty() => {
                return Err(Trouble(format!("{name} is not violated; violated are: {}", names())));
            }
            found => found,
        },
        (None, Some(bug)) => of(bug.detected_by).or(violations.first()),
        (None, None) => violations.first(),
    };
    found.map(Reason::of).ok_or_else(|| {
        Trouble(
            "nothing is violated, so there is nothing to make small; if the plan fails only with a planted bug, add --bug BUG"
                .into(),
        )
    })
}

/// Text with the size before, the size after, and the number of runs.
pub(crate) fn text<S: Service>(shrunk: &Shrunk<S>, reason: &Reason) -> String {
    let end = match shrunk.finished {
        true => "nothing is left to try",
        false => "the budget is spent: a larger --budget may get further",
    };
    format!(
        "Shrunk, with {reason} in every step\n  before: {}\n  after:  {}\n  {}, {} of them smaller; {end}\n",
        shrunk.before,
        shrunk.after,
        table::count(shrunk.runs as usize, "run"),
        shrunk.taken
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_runs_or_time() {
        assert_eq!("120".parse(), Ok(Budget::Runs(120)));
        assert_eq!("30s".parse(), Ok(Budget::Cpu(Duration::from_secs(30))));
        for text in ["", "0", "-1", "many", "3x"] {
            assert!(text.parse::<Budget>().is_err(), "{text}");
        }
        assert_eq!(Budget::default().to_string().parse(), Ok(Budget::default()));
    }
}
