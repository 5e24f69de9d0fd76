//! The ways in which one call can go wrong, each as faults of a plan.

use crate::{
    calls::{CallFault, CallOutcome, CallRecord, CallSite, CallStory, Moment},
    fault::{Fault, TimedFault},
    service::Service,
    trigger::Trigger,
    world::{HostKind, World},
};

/// How much time passes where time passes, milliseconds: several round trips.
const LATE_MS: u64 = 50;
/// After how long a process or a balancer that was killed starts again, milliseconds.
const DOWN_MS: u64 = 1000;

/// One way in which a call goes wrong.
pub(super) struct Way<S: Service> {
    /// A few words: `fails with READONLY`.
    pub(super) name: String,
    /// What the plan has for it.
    pub(super) faults: Vec<TimedFault<S>>,
}

/// All ways in which a call of a story can go wrong, always in the same order.
pub(super) fn of_call<S: Service>(
    record: &CallRecord,
    site: &CallSite,
    story: &CallStory,
    world: &World<S>,
) -> Vec<Way<S>> {
    let mut ways = vec![];
    let mut add = |name: String, moment: Moment, faults: Vec<(u64, Fault<S>)>| {
        let timed = faults.into_iter().map(|(offset_ms, fault)| TimedFault {
            at_ms: 0,
            fault,
            after: Some(Trigger {
                event: moment.event(&record.host, record.call),
                nth: record.nth,
                offset_ms,
            }),
        });
        ways.push(Way {
            name,
            faults: timed.collect(),
        });
    };
    let host = || record.host.to_string();
    let becomes = |outcome, error: &str, by_ms| {
        let fault = CallFault {
            host: host(),
            call: record.call.to_owned(),
            outcome,
            error: error.to_owned(),
            by_ms,
        };
        vec![(0, Fault::Call(fault))]
    };
    for error in site.errors {
        let (name, after_ms) = (error.name, error.after_ms);
        let fails = becomes(CallOutcome::Fails, name, after_ms);
        add(format!("fails with {name}"), Moment::Before, fails);
        if (error.failure)().is_unknown() {
            let lost = becomes(CallOutcome::AnswerLost, name, after_ms);
            add(
                format!("is done, and its answer is lost ({name})"),
                Moment::Before,
                lost,
            );
        }
    }
    let late = becomes(CallOutcome::Late, "", LATE_MS);
    add(format!("comes {LATE_MS} ms late"), Moment::Before, late);
    let answer = becomes(CallOutcome::AnswerLate, "", LATE_MS);
    add(format!("is answered {LATE_MS} ms late"), Moment::Before, answer);
    for (moment, side) in [(Moment::Before, "before"), (Moment::After, "after")] {
        let killed = vec![
            (0, Fault::Kill { host: host() }),
            (DOWN_MS, Fault::Start { host: host() }),
        ];
        add(format!("the process is killed {side} it"), moment, killed);
        let paused = vec![
            (0, Fault::Pause { host: host() }),
            (story.pause_ms, Fault::Resume { host: host() }),
        ];
        add(format!("the process is paused {side} it"), moment, paused);
        for balancer in world.of_kind(HostKind::Balancer) {
            let gone = vec![
                (0, Fault::Kill { host: balancer.clone() }),
                (DOWN_MS, Fault::Start { host: balancer }),
            ];
            add(format!("its client goes away {side} it"), moment, gone);
        }
    }
    for trouble in S::troubles_of_call(&record.host, record.call, world) {
        add(trouble.name.to_owned(), trouble.moment, trouble.faults);
    }
    ways
}
