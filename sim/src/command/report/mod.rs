//! Pages: `--report FILE` of `replay`, `--report DIR` of `explore`.

mod sweep;

pub(crate) use sweep::{Pages, Verdict, make_folder, what_was_run, write_sweep};

use super::{Trouble, perform::perform};
use crate::{
    judge::JudgeOptions,
    plan::Plan,
    property::MarkView,
    report::html::{Claim, FailurePage, Trial, Without, failure_page},
    run::Run,
    scenario::Scenario,
    service::Service,
    suite::{PlantedBug, Suite},
};
use std::{fs, path::Path};

/// The largest number of faults that are tried for a page, because each trial costs a run.
const TRIALS_MAX: usize = 16;

/// The page of a run that has kept its messages. `replay` is the line that performs it again.
pub(crate) fn page<S: Service>(
    suite: &Suite<S>,
    scenario: &Scenario<S>,
    run: &Run<S>,
    bug: Option<&PlantedBug<S>>,
    replay: &str,
) -> String {
    let claims: Vec<Claim> = (scenario.properties().iter())
        .map(|property| Claim {
            name: property.name(),
            claim: property.claim(),
        })
        .collect();
    let view = MarkView {
        plan: &run.plan,
        history: &run.history,
        marks: &run.marks,
    };
    let marks = scenario.marks();
    let marks: Vec<(&str, bool)> = marks.iter().map(|mark| (mark.name, (mark.reached)(&view))).collect();
    failure_page(&FailurePage {
        run,
        title: scenario.title(),
        bug: bug.map(|bug| (bug.name, bug.title)),
        build: suite.build,
        claims: &claims,
        marks: &marks,
        command: suite.command,
        replay,
        trials: &trials(scenario, run, bug),
    })
}

/// Writes a page.
///
/// # Errors
/// The error of the file system, with the file.
pub(crate) fn write(file: &Path, page: &str) -> Result<(), Trouble> {
    fs::write(file, page).map_err(|error| Trouble(format!("--report: cannot write {}: {error}", file.display())))
}

/// Performs the plan again with one part left out at a time, and checks the property that was violated first. Such an
/// experiment shows which fault mattered; the times alone would only suggest it.
fn trials<S: Service>(scenario: &Scenario<S>, run: &Run<S>, bug: Option<&PlantedBug<S>>) -> Vec<Trial<S>> {
    let Some(violation) = run.violations.first() else {
        return vec![];
    };
    let holds = |plan: &Plan<S>, bug: Option<&PlantedBug<S>>| {
        let run = perform(scenario, plan, bug, &JudgeOptions::default()).ok()?;
        Some(run.violations.iter().all(|other| other.property != violation.property))
    };
    let plan = |keep: &dyn Fn(usize) -> bool| {
        let faults = run.plan.faults.iter().enumerate();
        Plan {
            bug: None, // the argument of `judge`, or left out on purpose
            faults: faults
                .filter(|(place, _)| keep(*place))
                .map(|(_, fault)| fault.clone())
                .collect(),
            ..run.plan.clone()
        }
    };
    let makes_trouble = |place: usize| !run.plan.faults[place].fault.repairs();
    let troubles: Vec<usize> = (0..run.plan.faults.len())
        .filter(|place| makes_trouble(*place))
        .collect();
    let mut trials: Vec<Trial<S>> = (troubles.iter().take(TRIALS_MAX))
        .map(|left_out| Trial {
            without: Without::Fault(run.plan.faults[*left_out].clone()),
            holds: holds(&plan(&|place| place != *left_out), bug),
        })
        .collect();
    if troubles.len() > 1 {
        trials.push(Trial {
            without: Without::Faults,
            holds: holds(&plan(&|place| !makes_trouble(place)), bug),
        });
    }
    if bug.is_some() {
        trials.push(Trial {
            without: Without::Bug,
            holds: holds(&plan(&|_| true), None),
        });
    }
    trials
}
