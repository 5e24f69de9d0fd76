//! What is kept of one run.

use super::super::{Conclusion, Trouble};
use scenarios::{guide::signature, scenario::Scenario};
use serde::Serialize;
use sim::{
    fault::Fault,
    history::{Event, Op, Seen},
    plan::Plan,
    property::{Reached, Violation},
    run::Run,
    simulator::EngineKind,
};

/// One run.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct RunSummary {
    pub(crate) scenario: &'static str,
    pub(crate) seed: u64,
    pub(crate) simulated_ms: u64,
    pub(crate) fingerprint: Option<String>,
    pub(crate) violations: Vec<Violation>,
    pub(crate) reached: Vec<&'static str>,
    /// Faults that struck; ends of trouble are not counted.
    pub(crate) faults: usize,
    /// Of those, how many struck while somebody was waiting for an answer.
    pub(crate) faults_in_flight: usize,
    /// Faults that were aimed at something, and those of them that missed: it did not come, or too late.
    pub(crate) aims: usize,
    pub(crate) missed_aims: usize,
    /// Nothing was put to the test: nothing came to an end, or faults struck, and nobody did anything
    /// while one of them was in force. (That is less than to be struck in flight: a relay that stalls
    /// meets those who come afterwards.)
    pub(crate) vacuous: bool,
    /// Operations that came to an end.
    pub(crate) operations: usize,
    /// Whole logins that succeeded.
    pub(crate) logins: usize,
    /// What it did that others may not have done; see [`scenarios::guide::signature`].
    #[serde(skip)]
    pub(crate) behaviours: Vec<u32>,
    /// What the harness could not do.
    pub(crate) error: Option<String>,
    /// The plan of a run that failed, as a file.
    pub(crate) plan: Option<String>,
    /// Whether the plan is the one that the seed draws; else only its file performs it again.
    pub(crate) drawn: bool,
    /// That file, as seen from here.
    #[serde(skip)]
    pub(crate) file: Option<String>,
    /// What performed it.
    #[serde(skip)]
    pub(crate) engine: EngineKind,
    /// It was not performed: its plan has a fault that the engine cannot do.
    #[serde(skip_serializing_if = "is_false")]
    pub(crate) skipped: bool,
}

fn is_false(flag: &bool) -> bool {
    !flag
}

impl RunSummary {
    /// Sums up a run.
    pub(crate) fn of(scenario: &Scenario, plan: &Plan, run: Result<&Run, &Trouble>) -> RunSummary {
        let mut summary = RunSummary {
            scenario: scenario.name(),
            seed: plan.seed,
            simulated_ms: plan.lasts_ms,
            fingerprint: None,
            violations: vec![],
            reached: vec![],
            faults: 0,
            faults_in_flight: 0,
            aims: 0,
            missed_aims: 0,
            vacuous: false,
            operations: 0,
            logins: 0,
            behaviours: vec![],
            error: None,
            plan: None,
            drawn: true,
            file: None,
            engine: EngineKind::EventLoop,
            skipped: false,
        };
        let run = match run {
            Ok(run) => run,
            Err(Trouble(what)) => {
                summary.error = Some(what.clone());
                return summary;
            }
        };
        summary.fingerprint = Some(run.fingerprint.to_string());
        summary.violations = run.violations.clone();
        summary.behaviours = signature(run);
        summary.aims = run.aimed.len();
        summary.missed_aims = run.aimed.values().filter(|struck| struck.is_none()).count();
        let view = Reached {
            plan,
            history: &run.history,
            marks: &run.marks,
        };
        summary.reached = (scenario.marks().iter())
            .filter(|mark| (mark.reached)(&view))
            .map(|mark| mark.name)
            .collect();
        let (mut in_force, mut met) = (0_usize, false);
        for record in &run.history.records {
            match &record.event {
                Event::Fault { fault: Fault::Heal, .. } => in_force = 0,
                Event::Fault { fault, .. } if fault.repairs() => in_force = in_force.saturating_sub(1),
                Event::Fault { in_flight, .. } => {
                    summary.faults += 1;
                    summary.faults_in_flight += usize::from(*in_flight > 0);
                    in_force += 1;
                    met |= *in_flight > 0;
                }
                Event::Began { .. } => met |= in_force > 0,
                Event::Ended { op, seen, .. } => {
                    summary.operations += 1;
                    summary.logins += usize::from(*op == Op::LogIn && *seen == Seen::Ok);
                    met |= in_force > 0;
                }
                _ => {}
            }
        }
        summary.vacuous = summary.operations == 0 || (summary.faults > 0 && !met);
        summary
    }

    /// A plan that the engine cannot perform.
    pub(crate) fn of_misfit(scenario: &Scenario, plan: &Plan) -> RunSummary {
        RunSummary {
            error: None,
            simulated_ms: 0,
            skipped: true,
            ..RunSummary::of(scenario, plan, Err(&Trouble(String::new())))
        }
    }

    /// What this run by itself proves.
    pub(crate) fn conclusion(&self) -> Conclusion {
        if !self.violations.is_empty() {
            Conclusion::Violated
        } else if self.error.is_some() {
            Conclusion::Inconclusive
        } else {
            Conclusion::Held
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Coverage, RUNS_ENOUGH, ScenarioSummary},
        *,
    };
    use sim::fault::TimedFault;

    #[test]
    fn a_run_in_which_nobody_meets_a_fault_is_vacuous() {
        let scenario = scenarios::catalogue::find("calm_day").unwrap();
        let of = |plan: &Plan| {
            let run = super::super::super::harness::perform(&scenario, plan, None, &Default::default());
            RunSummary::of(&scenario, plan, run.as_ref())
        };
        let mut plan = scenario.plan(1);
        assert!(!of(&plan).vacuous, "no fault is planned, and people log in");
        let host = "mail".to_owned();
        let pause = |at_ms| TimedFault::at(at_ms, Fault::Pause { host: host.clone() });
        plan.faults = vec![pause(plan.lasts_ms - 1)];
        let late = of(&plan);
        assert!(late.vacuous && late.faults == 1 && late.operations > 0, "{late:?}");
        let many = vec![late; RUNS_ENOUGH];
        let whole = ScenarioSummary::of(&scenario, &many, Coverage::Whole);
        assert_eq!(whole.vacuous, RUNS_ENOUGH);
        assert_eq!(whole.conclusion(), Conclusion::Inconclusive);
        plan.faults = vec![pause(1)];
        assert!(!of(&plan).vacuous, "people log in while it is paused");
        plan.operations.clear();
        assert!(of(&plan).vacuous, "nobody does anything");
    }
}
