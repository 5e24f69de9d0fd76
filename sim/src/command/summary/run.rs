//! The summary of one run that a sweep keeps.

use super::super::{Conclusion, Trouble};
use crate::{
    fault::Fault,
    guidance::signature,
    history::{Event, History, Seen},
    plan::Plan,
    property::{MarkView, Violation},
    run::Run,
    scenario::Scenario,
    service::{Op, Service},
    simulator::EngineKind,
};
use serde::Serialize;

/// The summary of a run.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct RunSummary {
    pub(crate) scenario: &'static str,
    pub(crate) seed: u64,
    pub(crate) simulated_ms: u64,
    pub(crate) fingerprint: Option<String>,
    pub(crate) violations: Vec<Violation>,
    pub(crate) reached: Vec<&'static str>,
    /// Number of injected faults, without repairs.
    pub(crate) faults: usize,
    /// Number of those that were injected while an operation was in flight.
    pub(crate) faults_in_flight: usize,
    /// Number of faults with a trigger, and of those that were not injected because the event did not happen, or too
    /// late.
    pub(crate) triggers: usize,
    pub(crate) triggers_missed: usize,
    /// Whether the run tested nothing: no operation ended, or faults were injected, but there was no operation while
    /// one of them was in force. (This is weaker than an operation in flight: a peer that hangs affects later
    /// operations.)
    pub(crate) vacuous: bool,
    /// Number of operations that ended.
    pub(crate) operations: usize,
    /// Number of whole operations that succeeded; see [`whole`].
    pub(crate) whole: usize,
    /// Its behaviours; see [`crate::guidance::signature`].
    #[serde(skip)]
    pub(crate) behaviours: Vec<u32>,
    /// The error of the harness, if any.
    pub(crate) error: Option<String>,
    /// The plan file of a run that failed, as written in the file of runs.
    pub(crate) plan: Option<String>,
    /// Whether the plan is the one that the seed draws. If not, only its file can perform the run again.
    pub(crate) drawn: bool,
    /// The path of that file from the current folder.
    #[serde(skip)]
    pub(crate) file: Option<String>,
    /// The engine.
    #[serde(skip)]
    pub(crate) engine: EngineKind,
    /// Whether it was not performed, because the engine cannot do a fault of its plan.
    #[serde(skip_serializing_if = "is_false")]
    pub(crate) skipped: bool,
}

fn is_false(flag: &bool) -> bool {
    !flag
}

impl RunSummary {
    /// Summarises a run.
    pub(crate) fn of<S: Service>(scenario: &Scenario<S>, plan: &Plan<S>, run: Result<&Run<S>, &Trouble>) -> RunSummary {
        let mut summary = RunSummary {
            scenario: scenario.name(),
            seed: plan.seed,
            simulated_ms: plan.lasts_ms,
            fingerprint: None,
            violations: vec![],
            reached: vec![],
            faults: 0,
            faults_in_flight: 0,
            triggers: 0,
            triggers_missed: 0,
            vacuous: false,
            operations: 0,
            whole: 0,
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
        summary.triggers = run.triggered.len();
        summary.triggers_missed = run.triggered.values().filter(|injected| injected.is_none()).count();
        summary.whole = whole(&run.history);
        let view = MarkView {
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
                Event::Ended { .. } => {
                    summary.operations += 1;
                    met |= in_force > 0;
                }
                _ => {}
            }
        }
        summary.vacuous = summary.operations == 0 || (summary.faults > 0 && !met);
        summary
    }

    /// The summary for a plan that the engine cannot perform.
    pub(crate) fn of_misfit<S: Service>(scenario: &Scenario<S>, plan: &Plan<S>) -> RunSummary {
        RunSummary {
            error: None,
            simulated_ms: 0,
            skipped: true,
            ..RunSummary::of(scenario, plan, Err(&Trouble(String::new())))
        }
    }

    /// The conclusion from this run.
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

/// Number of whole operations that succeeded: compound operations, or, in a history without any, all operations.
pub(crate) fn whole<S: Service>(history: &History<S>) -> usize {
    let ended = || {
        history.records.iter().filter_map(|record| match &record.event {
            Event::Ended { op, seen, .. } => Some((op, seen)),
            _ => None,
        })
    };
    let compound = ended().any(|(op, _)| op.is_compound());
    ended()
        .filter(|(op, seen)| op.is_compound() == compound && **seen == Seen::Ok)
        .count()
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Coverage, RUNS_ENOUGH, ScenarioSummary},
        *,
    };
    use crate::{
        command::{perform::perform, tests::suite},
        fault::TimedFault,
        testing::{Did, HistoryBuilder, Shop},
    };

    #[test]
    fn a_run_in_which_nobody_meets_a_fault_is_vacuous() {
        let suite = suite();
        let scenario = &suite.scenarios()[0];
        let of = |plan: &Plan<Shop>| {
            let run = perform(scenario, plan, None, &Default::default());
            RunSummary::of(scenario, plan, run.as_ref())
        };
        let mut plan = scenario.plan(1);
        assert!(!of(&plan).vacuous, "no fault is planned, and people buy");
        let host = "printer".to_owned();
        let pause = |at_ms| TimedFault::at(at_ms, Fault::Pause { host: host.clone() });
        plan.faults = vec![pause(plan.lasts_ms - 1)];
        let late = of(&plan);
        assert!(late.vacuous && late.faults == 1 && late.operations > 0, "{late:?}");
        let many = vec![late; RUNS_ENOUGH];
        let all = ScenarioSummary::of(scenario, &many, Coverage::Full);
        assert_eq!(all.vacuous, RUNS_ENOUGH);
        assert_eq!(all.conclusion(), Conclusion::Inconclusive);
        plan.faults = vec![pause(1)];
        assert!(!of(&plan).vacuous, "people buy while it is paused");
        plan.operations.clear();
        assert!(of(&plan).vacuous, "nobody does anything");
    }

    #[test]
    fn what_is_compound_counts_once() {
        let steps = |history: HistoryBuilder| {
            history
                .op((2, 3), "ann", Did::Buy { seat: 1 }, Seen::Ok)
                .op((3, 4), "ann", Did::Buy { seat: 2 }, Seen::Fail("sold".into()))
                .op((4, 5), "ann", Did::Look, Seen::Ok)
        };
        assert_eq!(whole(&steps(HistoryBuilder::new()).history()), 2);
        let compound = HistoryBuilder::new().op((1, 6), "ann", Did::Shop, Seen::Ok);
        assert_eq!(whole(&steps(compound).history()), 1);
    }
}
