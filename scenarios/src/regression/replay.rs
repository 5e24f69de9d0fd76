//! Records entries, and replays them.

use super::{Meaning, REGRESSION_VERSION, Regression};
use crate::{
    catalogue::{self, UnknownScenario},
    judge::{JudgeOptions, judge},
    planted::{self, Planted, UnknownPlanted},
    scenario::Scenario,
};
use sim::{
    plan::Plan,
    property::Violation,
    run::{HarnessError, Run},
    shrink::Reason,
};
use std::fmt;
use thiserror::Error;

/// What a replay of an entry came to.
#[derive(Debug, Clone, PartialEq)]
pub enum Replayed {
    /// As recorded, to the last packet.
    Same,
    /// Not as recorded, but the plan means the same, and the verdict is the right one.
    SameMeaning,
    /// The world has changed so that the plan no longer means the same: neither passed nor failed.
    Diverged {
        /// What the recorded run did and this one did not.
        lost: Vec<String>,
    },
    /// Something is violated that must not be: the bug is back, or (with a planted bug) the plan fails
    /// without it.
    Violated(Vec<Violation>),
    /// The planted bug is there, the plan means the same, and the bug is no longer convicted.
    GotAway {
        /// For what it should have been convicted.
        broke: Reason,
        /// For what it was instead.
        instead: Vec<Violation>,
    },
}

impl Replayed {
    /// Whether the entry is as it should be.
    pub fn passed(&self) -> bool {
        matches!(self, Replayed::Same | Replayed::SameMeaning)
    }
}

impl fmt::Display for Replayed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let listed = |violations: &[Violation]| violations.iter().map(|v| format!("\n  {v}")).collect::<String>();
        match self {
            Replayed::Same => f.write_str("passed: as recorded"),
            Replayed::SameMeaning => f.write_str(
                "passed: not as recorded, but the plan means the same. Record it anew with `squall save --refresh FILE`",
            ),
            Replayed::Diverged { lost } => write!(
                f,
                "diverged: the plan no longer means what it meant when it was saved, so this proves nothing:\n  {}\nFind \
                 the failing moment again and save that plan; if the change was meant, `squall save --refresh FILE`",
                lost.join("\n  ")
            ),
            Replayed::Violated(violations) => write!(f, "violated:{}", listed(violations)),
            Replayed::GotAway { broke, instead } => {
                write!(f, "the planted bug gets away: {broke} is not convicted")?;
                match instead.is_empty() {
                    true => f.write_str("; everything holds"),
                    false => write!(f, "; instead:{}", listed(instead)),
                }
            }
        }
    }
}

/// Why an entry cannot be recorded or replayed.
#[derive(Debug, Error)]
pub enum RegressionError {
    /// Its scenario is gone.
    #[error(transparent)]
    Scenario(#[from] UnknownScenario),
    /// Its planted bug is gone.
    #[error(transparent)]
    Planted(#[from] UnknownPlanted),
    /// Its plan cannot be performed.
    #[error(transparent)]
    Run(#[from] HarnessError),
    /// There is nothing to record.
    #[error("nothing is violated, so there is nothing to keep; if it takes a planted bug, add --plant BUG")]
    Holds,
    /// A planted bug must be what breaks it.
    #[error("without the planted bug {plant} the plan fails too: {violation}. Save it without --plant")]
    FailsWithout {
        /// The planted bug.
        plant: &'static str,
        /// The first violation without it.
        violation: Box<Violation>,
    },
}

/// Performs a failing plan and makes an entry of it. What broke is the first violation for this reason, or
/// else the first of all.
///
/// # Errors
/// The plan cannot be performed, holds, or does not need the bug planted in it.
pub fn record(
    name: &str,
    plan: &Plan,
    plant: Option<&Planted>,
    reason: Option<&Reason>,
) -> Result<Regression, RegressionError> {
    let scenario = catalogue::find(&plan.scenario)?;
    let run = perform(&scenario, plan, plant)?;
    let convicted_by = plant.and_then(|plant| run.violations.iter().find(|v| v.property == plant.convicted_by));
    let violation = match reason {
        Some(reason) => reason.found_in(&run.violations),
        None => convicted_by.or(run.violations.first()),
    };
    let violation = violation.ok_or(RegressionError::Holds)?;
    if let Some(plant) = plant
        && let Some(violation) = perform(&scenario, plan, None)?.violations.first()
    {
        let violation = Box::new(violation.clone());
        return Err(RegressionError::FailsWithout {
            plant: plant.name,
            violation,
        });
    }
    Ok(Regression {
        version: REGRESSION_VERSION,
        name: name.to_owned(),
        what: violation.what.clone(),
        covers: plant.map_or(scenario.covers(), |plant| plant.covers).to_vec(),
        plant: plant.map(|plant| plant.name.to_owned()),
        fingerprint: run.fingerprint.to_string(),
        broke: Reason::of(violation),
        meaning: Meaning::of(&scenario, &run),
        plan: plan.clone(),
    })
}

/// Replays an entry; the second value is the entry as it would be recorded today.
///
/// # Errors
/// Its scenario or its planted bug is gone, or its plan cannot be performed.
pub fn replay(entry: &Regression) -> Result<(Replayed, Regression), RegressionError> {
    let scenario = catalogue::find(&entry.plan.scenario)?;
    let plant = entry.plant.as_deref().map(planted::find).transpose()?;
    let run = perform(&scenario, &entry.plan, plant.as_ref())?;
    let did = Meaning::of(&scenario, &run);
    let today = Regression {
        fingerprint: run.fingerprint.to_string(),
        meaning: Meaning {
            // marks that somebody took out of the list stay out
            decisive: entry.meaning.decisive.intersection(&did.decisive).cloned().collect(),
            ..did.clone()
        },
        ..entry.clone()
    };
    let same = today.fingerprint == entry.fingerprint;
    let passed = if same { Replayed::Same } else { Replayed::SameMeaning };
    let lost = entry.meaning.lost_in(&did);
    let violations = match &plant {
        None => run.violations,
        Some(_) if entry.broke.found_in(&run.violations).is_some() => perform(&scenario, &entry.plan, None)?.violations,
        Some(_) if lost.is_empty() => {
            let (broke, instead) = (entry.broke.clone(), run.violations);
            return Ok((Replayed::GotAway { broke, instead }, today));
        }
        Some(_) => return Ok((Replayed::Diverged { lost }, today)),
    };
    let replayed = match (violations.is_empty(), plant.is_some() || lost.is_empty()) {
        (false, _) => Replayed::Violated(violations),
        (true, true) => passed,
        (true, false) => Replayed::Diverged { lost },
    };
    Ok((replayed, today))
}

fn perform(scenario: &Scenario, plan: &Plan, plant: Option<&Planted>) -> Result<Run, HarnessError> {
    judge(scenario, plan, plant, &JudgeOptions::default())
}
