//! Pages: `--report FILE` of `replay`, `--report DIR` of `explore`.

mod sweep;

pub(crate) use sweep::{Pages, in_words, make_folder, write_sweep};

use super::{Trouble, harness};
use scenarios::{judge::JudgeOptions, planted::Planted, scenario::Scenario};
use sim::{
    plan::Plan,
    property::Reached,
    report::html::{Claim, FailurePage, Trial, Without, failure_page},
    run::Run,
};
use std::{fs, path::Path};

/// A trial costs a run; plans with more faults than this have their first ones tried.
const TRIALS_MAX: usize = 16;

/// The page of a run that kept its messages. `replay` is the line that performs it again.
pub(crate) fn page(scenario: &Scenario, run: &Run, plant: Option<&Planted>, replay: &str) -> String {
    let claims: Vec<Claim> = (scenario.properties().iter())
        .map(|property| Claim {
            name: property.name(),
            claim: property.claim(),
        })
        .collect();
    let view = Reached {
        plan: &run.plan,
        history: &run.history,
        marks: &run.marks,
    };
    let marks = scenario.marks();
    let marks: Vec<(&str, bool)> = marks.iter().map(|mark| (mark.name, (mark.reached)(&view))).collect();
    failure_page(&FailurePage {
        run,
        title: scenario.title(),
        plant: plant.map(|bug| (bug.name, bug.title)),
        claims: &claims,
        marks: &marks,
        replay,
        trials: &trials(scenario, run, plant),
    })
}

/// Writes a page.
///
/// # Errors
/// What the file system said, and about which file.
pub(crate) fn write(file: &Path, page: &str) -> Result<(), Trouble> {
    fs::write(file, page).map_err(|error| Trouble(format!("--report: cannot write {}: {error}", file.display())))
}

/// What becomes of the claim that was violated first when one thing is left out of the plan: an
/// experiment tells which fault mattered, where looking at the times would only suggest it.
fn trials(scenario: &Scenario, run: &Run, plant: Option<&Planted>) -> Vec<Trial> {
    let Some(violation) = run.violations.first() else {
        return vec![];
    };
    let holds = |plan: &Plan, plant: Option<&Planted>| {
        let run = harness::perform(scenario, plan, plant, &JudgeOptions::default()).ok()?;
        Some(run.violations.iter().all(|other| other.property != violation.property))
    };
    let plan = |keep: &dyn Fn(usize) -> bool| {
        let faults = run.plan.faults.iter().enumerate();
        Plan {
            faults: faults
                .filter(|(place, _)| keep(*place))
                .map(|(_, fault)| fault.clone())
                .collect(),
            ..run.plan.clone()
        }
    };
    let strikes = |place: usize| !run.plan.faults[place].fault.repairs();
    let struck: Vec<usize> = (0..run.plan.faults.len()).filter(|place| strikes(*place)).collect();
    let mut trials: Vec<Trial> = (struck.iter().take(TRIALS_MAX))
        .map(|left_out| Trial {
            without: Without::Fault(run.plan.faults[*left_out].clone()),
            holds: holds(&plan(&|place| place != *left_out), plant),
        })
        .collect();
    if struck.len() > 1 {
        trials.push(Trial {
            without: Without::Faults,
            holds: holds(&plan(&|place| !strikes(place)), plant),
        });
    }
    if plant.is_some() {
        trials.push(Trial {
            without: Without::Plant,
            holds: holds(&run.plan, None),
        });
    }
    trials
}
