//! Who says that something took longer than its deadline has waited for so long.
//!
//! Source: `core/LIMITS.md`, "Deadlines"; inventory 56: a cause that is told must be the cause. A time-out that nobody has
//! waited for sends an operator to the wrong machine, and leaves in doubt what is known.
//!
//! Edges. A call that the plan lets fail may be told to be late at once. A connection that several calls wait for has a
//! deadline of its own, which may be over shortly after the last of them came; it is not judged here.

use crate::{
    property::{faults, violation},
    vocabulary::{Evidence, Fault, Violation},
};
use sim::calls::CallRecord;

/// Calls, what their failure says when their deadline is over, and the row of the page that has the deadline.
const WAITS: [(&str, &str, &str); 3] = [
    ("store ", ": the store took longer than ", "a call to the store"),
    ("directory ", ": the directory is locked", "the directory's lock"),
    ("mail deliver", ": the mail relay took longer than ", "mail relay"),
];

/// So much earlier than its deadline a call may end: an engine that moves time in ticks counts from the last one, milliseconds.
const TICK_MS: u64 = 10;

const STRUCK: &str = "the plan let this very call fail";

/// Judges this for [`FailuresLogged`](super::failures_logged::FailuresLogged): a cause that is told must be the cause.
pub(super) fn check(property: &str, evidence: &Evidence<'_>) -> Result<(), Violation> {
    let settings = spec::Settings::default();
    let strikes = |call: &CallRecord| {
        faults(evidence.history).any(|(_, _, fault)| match fault {
            Fault::Call(struck) => *struck.host == *call.host && struck.call == call.call,
            _ => false,
        })
    };
    for call in evidence.calls {
        let (Some(ended_ms), Some(failure)) = (call.ended_ms, &call.failure) else {
            continue;
        };
        let says = |(of, says, _): &&(&str, &str, &str)| call.call.starts_with(of) && failure.contains(says);
        let Some((_, _, row)) = WAITS.iter().find(says) else {
            continue;
        };
        let (took_ms, deadline_ms) = (ended_ms - call.at_ms, settings.get(row));
        let excuse = strikes(call).then_some(STRUCK);
        if evidence.is_violated(took_ms + TICK_MS < deadline_ms, excuse) {
            let what = format!(
                "{} got {failure:?} for \u{201c}{}\u{201d} after {took_ms} ms",
                call.host, call.call
            );
            return Err(violation(property, ended_ms, vec![], what).because(sim::shrink::slug(call.call)));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{operators::failures_logged::FailuresLogged, property::testing::*};
    use sim::calls::{CallFault, CallOutcome};

    const LATE: &str = "outcome unknown: the store took longer than 800 ms";

    fn took(ms: u64, call: &'static str, failure: &str) -> Story {
        Story::new()
            .call_from(11_000 - ms, 11_000, call, failure)
            .logged(11_000, failure, &[])
    }

    #[test]
    fn a_deadline_that_is_told_is_over() {
        for story in [
            took(800, "store get auth:oidc:flow", LATE),
            took(
                1,
                "store get auth:oidc:flow",
                "outcome unknown: connection lost: redis: EOF",
            ),
            took(
                1,
                "store get auth:oidc:flow",
                "not done: finding the master took longer than 800 ms",
            ),
            took(1000, "directory user", "not done: the directory is locked"),
        ] {
            assert_eq!(story.judged_by(&FailuresLogged), Ok(()));
        }
        for story in [
            took(789, "store get auth:oidc:flow", LATE),
            took(989, "directory user", "not done: the directory is locked"),
            took(
                9_000,
                "mail deliver",
                "outcome unknown: the mail relay took longer than 10 s",
            ),
        ] {
            assert!(story.judged_by(&FailuresLogged).is_err());
        }
    }

    #[test]
    fn the_plan_may_let_a_call_be_late_at_once() {
        let struck = |host: &str| {
            let call = CallFault {
                host: host.into(),
                call: "store get auth:oidc:flow".into(),
                outcome: CallOutcome::Fails,
                error: "timeout".into(),
                by_ms: 0,
            };
            took(1, "store get auth:oidc:flow", LATE).fault(10_000, Fault::Call(call))
        };
        assert_eq!(
            struck("idp-a").tally(&FailuresLogged),
            (1, vec![(STRUCK.to_owned(), 1, 1)])
        );
        assert!(struck("idp-b").judged_by(&FailuresLogged).is_err());
    }
}
