//! What a sweep remembers of one run.

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

/// One run.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct RunSummary {
    pub(crate) scenario: &'static str,
    pub(crate) seed: u64,
    pub(crate) simulated_ms: u64,
    pub(crate) fingerprint: Option<String>,
    pub(crate) violations: Vec<Violation>,
    pub(crate) reached: Vec<&'static str>,
    /// Faults that were injected; repairs are not counted.
    pub(crate) faults: usize,
    /// Of those, how many were injected while an operation was in flight.
    pub(crate) faults_in_flight: usize,
    /// Faults with a trigger, and those of them that were not injected: the event did not happen, or too late.
    pub(crate) triggers: usize,
    pub(crate) triggers_missed: usize,
    /// Nothing was put to the test: no operation ended, or faults were injected, and nobody did anything while one of them
    /// was in force. (That asks for less than an operation in flight: a peer that hangs meets those who come afterwards.)
    pub(crate) vacuous: bool,
    /// Operations that ended.
    pub(crate) operations: usize,
    /// What was done as a whole; see [`whole`].
    pub(crate) whole: usize,
    /// What it did that others may not have done; see [`crate::guidance::signature`].
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

    /// A plan that the engine cannot perform.
    pub(crate) fn of_misfit<S: Service>(scenario: &Scenario<S>, plan: &Plan<S>) -> RunSummary {
        RunSummary {
            error: None,
            simulated_ms: 0,
            skipped: true,
            ..RunSummary::of(scenario, plan, Err(&Trouble(String::new())))
        }
    }

    /// What this run contributes to a sweep.
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

/// How many things were done as a whole, successfully: compound operations, or, in a history without any, all operations.
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
