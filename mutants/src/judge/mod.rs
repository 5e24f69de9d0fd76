//! What the simulation says of a mutant.
//!
//! A run depends on its plan alone, so a run that never reaches a mutant's place is the run of the service as it is, which
//! held. Only runs that reach it are performed, and a mutant that none reaches costs nothing: see [`Baseline`].

mod baseline;
mod child;

pub use baseline::Baseline;
pub use child::{Child, End, RunLine, Runs, Violated};

use crate::{
    copy::{Catalogue, Folders},
    operator::Operator,
    site::Mutant,
    trouble::Trouble,
};
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;

/// What the harness says of a run that does not come to its end.
const RUN_ENDS: &str = "RunEnds";

/// Why a mutant was not detected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Missed {
    /// No run executes its place: no story does it.
    Unreached,
    /// Runs execute it, and every one of them was the same to the byte as without it.
    NoEffect,
    /// Runs came out differently, and no property objects.
    Differs,
}

/// What became of a mutant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum Verdict {
    /// A property objects.
    Detected {
        /// The first that does, by simulated time.
        property: String,
        /// In which way.
        reason: String,
        /// The run.
        scenario: String,
        /// Its seed.
        seed: u64,
        /// What it says.
        what: String,
        /// Whether the same run in a fresh process is violated in the same way.
        confirmed: bool,
    },
    /// None does, within the budget.
    Missed {
        /// As far as is known.
        why: Missed,
    },
    /// The run neither held nor was violated: the process died, or the harness failed. Nobody may call that detected, for no
    /// property says so.
    Trouble {
        /// What happened.
        what: String,
    },
}

/// A mutant, judged. One line of JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    /// [`Mutant::id`].
    pub id: String,
    /// [`Catalogue::key`].
    pub catalogue: String,
    /// What became of it.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// Runs that were performed.
    pub runs: usize,
    /// How many of them came out differently.
    pub differing: usize,
    /// How many runs there were that reach it.
    pub reaching: usize,
    /// What it cost, seconds of processor time.
    pub cpu_s: f64,
    /// What it was allowed to cost.
    pub budget_s: f64,
}

/// How long to look.
#[derive(Debug, Clone, Copy)]
pub struct Limits<'a> {
    /// Seconds of processor time for each mutant.
    pub budget_s: f64,
    /// A run that has not ended after so many real seconds is given up.
    pub run_s: u64,
    /// Properties and scenarios that are left out.
    pub without: &'a [String],
}

/// Judges one mutant.
///
/// # Errors
/// The judge cannot be started.
pub fn judge(
    folders: &Folders,
    catalogue: &Catalogue,
    baseline: &Baseline,
    mutant: &Mutant,
    limits: Limits<'_>,
) -> Result<Judged, Trouble> {
    let mut runs = baseline.reaching(mutant.number);
    runs.retain(|(scenario, _)| !limits.without.contains(scenario));
    let mut judged = Judged {
        id: mutant.id.clone(),
        catalogue: catalogue.key.clone(),
        verdict: Verdict::Missed { why: Missed::Unreached },
        runs: 0,
        differing: 0,
        reaching: runs.len(),
        cpu_s: 0.0,
        budget_s: limits.budget_s,
    };
    if runs.is_empty() {
        return Ok(judged);
    }
    let mut ended = None;
    let child = Child {
        program: &folders.judge(),
        switch: &mutant.number.to_string(),
        cpu_s: limits.budget_s as u64 + 2 * limits.run_s,
        run_s: limits.run_s,
    };
    let end = child.perform(&runs, |line| {
        judged.runs += 1;
        judged.cpu_s += line.cpu_ms / 1000.0;
        judged.differing += usize::from(line.fingerprint.as_deref() != baseline.fingerprint(&line.scenario, line.seed));
        ended = verdict_of(&line, limits.without);
        match ended.is_some() || judged.cpu_s >= limits.budget_s {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    })?;
    judged.verdict = match (ended, end) {
        (Some(verdict), _) => verdict,
        (None, End::Hung) => {
            judged.cpu_s += limits.run_s as f64;
            let (scenario, seed) = runs[judged.runs].clone();
            Verdict::Detected {
                property: RUN_ENDS.into(),
                reason: "stuck".into(),
                scenario,
                seed,
                what: format!("the run did not end within {} s", limits.run_s),
                confirmed: false,
            }
        }
        (None, End::Died(how)) => Verdict::Trouble {
            what: format!("the process died: {how}"),
        },
        (None, End::Ended) => Verdict::Missed {
            why: match judged.differing {
                0 => Missed::NoEffect,
                _ => Missed::Differs,
            },
        },
    };
    confirm(&child, &mut judged.verdict, limits.without)?;
    Ok(judged)
}

/// What a single run says: `None` if it held.
fn verdict_of(line: &RunLine, without: &[String]) -> Option<Verdict> {
    if let Some(error) = &line.error {
        return Some(Verdict::Trouble {
            what: format!("the harness failed on {} {}: {error}", line.scenario, line.seed),
        });
    }
    let first = first(line, without)?;
    Some(Verdict::Detected {
        property: first.property.clone(),
        reason: first.reason.clone(),
        scenario: line.scenario.clone(),
        seed: line.seed,
        what: first.what.clone(),
        confirmed: false,
    })
}

/// The first violation of a property that is not left out.
fn first<'a>(line: &'a RunLine, without: &[String]) -> Option<&'a Violated> {
    line.violations
        .iter()
        .find(|violated| !without.contains(&violated.property))
}

/// A detection must replay: the same run, alone in a fresh process.
fn confirm(child: &Child<'_>, verdict: &mut Verdict, without: &[String]) -> Result<(), Trouble> {
    if let Verdict::Detected {
        property,
        scenario,
        seed,
        confirmed,
        ..
    } = verdict
    {
        let end = child.perform(&[(scenario.clone(), *seed)], |line| {
            let first = first(&line, without);
            *confirmed = first.is_some_and(|violation| violation.property == *property);
            ControlFlow::Break(())
        })?;
        *confirmed |= end == End::Hung && property == RUN_ENDS;
    }
    Ok(())
}

impl Judged {
    /// Whether it was detected by one of these properties, or in one of these scenarios.
    pub fn needs(&self, names: &[String]) -> bool {
        match &self.verdict {
            Verdict::Detected { property, scenario, .. } => names.contains(property) || names.contains(scenario),
            _ => false,
        }
    }

    /// A harmless change that somebody objects to, or that changes a run.
    pub fn is_false_alarm(&self, mutant: &Mutant) -> bool {
        mutant.operator == Operator::Harmless && (self.differing > 0 || !matches!(self.verdict, Verdict::Missed { .. }))
    }
}

#[cfg(test)]
mod tests;
