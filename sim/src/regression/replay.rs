//! Records entries, and replays them.

use super::{Meaning, REGRESSION_VERSION, Regression};
use crate::{
    judge::{JudgeOptions, judge},
    plan::{Plan, Stamp},
    property::{Reason, Violation},
    run::{HarnessError, Run},
    scenario::Scenario,
    service::Service,
    suite::{PlantedBug, Suite, UnknownName},
};
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
    /// Something is violated that must not be: the bug is back, or (with a planted bug) the plan fails without it.
    Violated(Vec<Violation>),
    /// The planted bug is there, the plan means the same, and the bug is no longer detected.
    NotDetected {
        /// What should have broken.
        broke: Reason,
        /// What broke instead.
        instead: Vec<Violation>,
    },
}

impl Replayed {
    /// Whether the entry is as it should be.
    pub fn passed(&self) -> bool {
        matches!(self, Replayed::Same | Replayed::SameMeaning)
    }

    /// What it means and what to do, for people. `command` is how the suite's binary is started: [`Suite::command`].
    pub fn describe(&self, command: &str) -> String {
        let listed = |violations: &[Violation]| violations.iter().map(|v| format!("\n  {v}")).collect::<String>();
        match self {
            Replayed::Same => "passed: as recorded".to_owned(),
            Replayed::SameMeaning => format!(
                "passed: not as recorded, but the plan means the same. Record it anew with `{command} save --refresh FILE`"
            ),
            Replayed::Diverged { lost } => format!(
                "diverged: the plan no longer means what it meant when it was saved, so this proves nothing:\n  {}\nFind \
                 the failing moment again and save that plan; if the change was meant, `{command} save --refresh FILE`",
                lost.join("\n  ")
            ),
            Replayed::Violated(violations) => format!("violated:{}", listed(violations)),
            Replayed::NotDetected { broke, instead } => {
                let instead = match instead.is_empty() {
                    true => "; everything holds".to_owned(),
                    false => format!("; instead:{}", listed(instead)),
                };
                format!("the planted bug is not detected: {broke} does not break{instead}")
            }
        }
    }
}

/// Why an entry cannot be recorded or replayed.
#[derive(Debug, Error)]
pub enum RegressionError {
    /// Its scenario or its planted bug is gone.
    #[error(transparent)]
    Unknown(#[from] UnknownName),
    /// Its plan cannot be performed.
    #[error(transparent)]
    Run(#[from] HarnessError),
    /// There is nothing to record.
    #[error("nothing is violated, so there is nothing to save; if it needs a planted bug, add --bug BUG")]
    Holds,
    /// A planted bug must be what breaks it.
    #[error("without the planted bug {bug} the plan fails too: {violation}. Save it without --bug")]
    FailsWithout {
        /// The planted bug.
        bug: &'static str,
        /// The first violation without it.
        violation: Box<Violation>,
    },
}

/// Performs a failing plan and makes an entry of it. What broke is the first violation for this reason; without a reason,
/// that of the property that must detect the planted bug, or else the first of all.
///
/// # Errors
/// The plan cannot be performed, holds, or does not need the planted bug.
pub fn record<S: Service>(
    suite: &Suite<S>,
    name: &str,
    plan: &Plan<S>,
    bug: Option<&PlantedBug<S>>,
    reason: Option<&Reason>,
) -> Result<Regression<S>, RegressionError> {
    let plan = &plan.stamped(Stamp::default()); // the entry says both
    let scenario = suite.find_scenario(&plan.scenario)?;
    let run = perform(scenario, plan, bug)?;
    let detected = bug.and_then(|bug| run.violations.iter().find(|v| v.property == bug.detected_by));
    let violation = match reason {
        Some(reason) => reason.found_in(&run.violations),
        None => detected.or(run.violations.first()),
    };
    let violation = violation.ok_or(RegressionError::Holds)?;
    if let Some(bug) = bug
        && let Some(violation) = perform(scenario, plan, None)?.violations.first()
    {
        let violation = Box::new(violation.clone());
        let bug = bug.name;
        return Err(RegressionError::FailsWithout { bug, violation });
    }
    Ok(Regression {
        version: REGRESSION_VERSION,
        name: name.to_owned(),
        what: violation.what.clone(),
        covers: bug.map_or(scenario.covers(), |bug| bug.covers).to_vec(),
        bug: bug.map(|bug| bug.name.to_owned()),
        build: suite.build.map(str::to_owned),
        fingerprint: run.fingerprint.to_string(),
        broke: Reason::of(violation),
        meaning: Meaning::of(scenario, &run),
        plan: plan.clone(),
    })
}

/// Replays an entry; the second value is the entry as it would be recorded today.
///
/// # Errors
/// Its scenario or its planted bug is gone, or its plan cannot be performed.
pub fn replay<S: Service>(
    suite: &Suite<S>,
    entry: &Regression<S>,
) -> Result<(Replayed, Regression<S>), RegressionError> {
    let scenario = suite.find_scenario(&entry.plan.scenario)?;
    let bug = entry.bug.as_deref().map(|name| suite.find_bug(name)).transpose()?;
    let run = perform(scenario, &entry.plan, bug)?;
    let did = Meaning::of(scenario, &run);
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
    let violations = match bug {
        None => run.violations,
        Some(_) if entry.broke.found_in(&run.violations).is_some() => perform(scenario, &entry.plan, None)?.violations,
        Some(_) if lost.is_empty() => {
            let (broke, instead) = (entry.broke.clone(), run.violations);
            return Ok((Replayed::NotDetected { broke, instead }, today));
        }
        Some(_) => return Ok((Replayed::Diverged { lost }, today)),
    };
    let replayed = match (violations.is_empty(), bug.is_some() || lost.is_empty()) {
        (false, _) => Replayed::Violated(violations),
        (true, true) => passed,
        (true, false) => Replayed::Diverged { lost },
    };
    Ok((replayed, today))
}

fn perform<S: Service>(
    scenario: &Scenario<S>,
    plan: &Plan<S>,
    bug: Option<&PlantedBug<S>>,
) -> Result<Run<S>, HarnessError> {
    judge(scenario, plan, bug, &JudgeOptions::default())
}
