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

/// The result of replaying an entry.
#[derive(Debug, Clone, PartialEq)]
pub enum Replayed {
    /// The same run, down to the last packet.
    Same,
    /// Another run, but with the same meaning and the right verdict.
    SameMeaning,
    /// The plan no longer has its meaning, because the world has changed: neither passed nor failed.
    Diverged {
        /// Facts of the recorded run that this one lacks.
        lost: Vec<String>,
    },
    /// A property fails that must hold: the bug is back, or (with a planted bug) the plan fails without the bug.
    Violated(Vec<Violation>),
    /// The planted bug is present and the plan has its meaning, but the bug is no longer detected.
    NotDetected {
        /// The property that should have failed, and the reason.
        broke: Reason,
        /// The violations that were found instead.
        instead: Vec<Violation>,
    },
}

impl Replayed {
    /// Whether the entry is as it should be.
    pub fn passed(&self) -> bool {
        matches!(self, Replayed::Same | Replayed::SameMeaning)
    }

    /// Says what the result means and what to do, for people. `command` starts the suite's binary: [`Suite::command`].
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

/// The reason why an entry cannot be recorded or replayed.
#[derive(Debug, Error)]
pub enum RegressionError {
    /// Its scenario or its planted bug does not exist any more.
    #[error(transparent)]
    Unknown(#[from] UnknownName),
    /// Its plan cannot be performed.
    #[error(transparent)]
    Run(#[from] HarnessError),
    /// The plan does not fail, so there is nothing to record.
    #[error("nothing is violated, so there is nothing to save; if it needs a planted bug, add --bug BUG")]
    Holds,
    /// The plan fails without its planted bug.
    #[error("without the planted bug {bug} the plan fails too: {violation}. Save it without --bug")]
    FailsWithout {
        /// The planted bug.
        bug: &'static str,
        /// The first violation without it.
        violation: Box<Violation>,
    },
}

/// Performs a failing plan and makes an entry of it. The entry records the first violation with the given reason;
/// without a reason, the first violation of the property that must detect the planted bug, or else the first of all.
///
/// # Errors
/// The plan cannot be performed, does not fail, or does not need the planted bug.
pub fn record<S: Service>(
    suite: &Suite<S>,
    name: &str,
    plan: &Plan<S>,
    bug: Option<&PlantedBug<S>>,
    reason: Option<&Reason>,
) -> Result<Regression<S>, RegressionError> {
    let plan = &plan.stamped(Stamp::default()); // the entry itself names both
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

/// Replays an entry. The second value is the entry as it would be recorded today.
///
/// # Errors
/// Its scenario or its planted bug does not exist any more, or its plan cannot be performed.
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
            // Marks that were deleted from the list by hand stay deleted.
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
