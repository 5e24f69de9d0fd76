//! Whatever a dependency fails to do for a replica is in that replica's log, with its cause and its outcome.
//!
//! Source: inventory 25 (nothing falls back silently) and 56 (a cause that was swallowed).
//!
//! Fairness. Judged are the calls to the store, to the directory and to the mail relay that ended with a failure, wherever it
//! came from, and connections to Redis and to the relay that failed. A line of the same replica within three seconds must
//! contain the failure as the service writes it: `not done` or `outcome unknown`, and the cause. What is asked after a failure
//! (a code is put back, a mark taken away) may take its own deadline before the line is written.
//!
//! Edges. Not judged: a process that is killed or paused meanwhile cannot write; a failure just before the end of the run. A
//! look at health is told of once for each cause, so an earlier line counts for it. Sentinels are judged by what becomes of the
//! calls that needed them. What analytics loses is told once, until the hook takes an event again; it is not judged here.

use crate::{
    property::{faults, violation},
    vocabulary::{CallRecord, Evidence, Fault, Kind, Login, Property, Violation},
};

/// Property: the log has every failure. See the module.
pub struct FailuresLogged;

/// Within so many milliseconds.
const WITHIN_MS: u64 = 3_000;
/// Besides the calls to the store and to the directory, these are told.
const TOLD: [&str; 3] = ["mail deliver", "connect mail", "connect redis"];
/// What is looked at by the clock is told of when it changes.
const TOLD_ONCE: [&str; 2] = ["store health", "directory probe"];

impl Property<Login> for FailuresLogged {
    fn kind(&self) -> Kind {
        Kind::Always
    }
    fn claim(&self) -> String {
        "every failure of a dependency is in the log, with its cause and its outcome".into()
    }
    fn check(&self, evidence: &Evidence<'_>) -> Result<(), Violation> {
        let lasts_ms = evidence.plan.lasts_ms;
        let failures = evidence.calls.iter().filter_map(failure);
        for (call, at_ms, failure) in failures.filter(|(.., at_ms, _)| at_ms + WITHIN_MS < lasts_ms) {
            let host = &*call.host;
            let from_ms = match TOLD_ONCE.contains(&call.call) {
                true => 0,
                false => at_ms,
            };
            let told = evidence.operators.log.iter().any(|written| {
                let line = &written.line;
                line.host == host
                    && (from_ms..=at_ms + WITHIN_MS).contains(&line.at_ms)
                    && line.text.contains(as_written(call.call, failure))
            });
            let excuse = stopped(evidence, host, at_ms).then_some("its process was stopped");
            if evidence.is_violated(!told, excuse) {
                let what = format!(
                    "{host} got {failure:?} for \u{201c}{}\u{201d}, and its log does not say so",
                    call.call
                );
                return Err(violation(&self.name(), at_ms, vec![], what).because(sim::shrink::slug(call.call)));
            }
        }
        Ok(())
    }
}

/// A call that is judged, when it ended, and its failure.
fn failure(call: &CallRecord) -> Option<(&CallRecord, u64, &str)> {
    let of = call.call.split(' ').next()?;
    let is_judged = matches!(of, "store" | "directory") || TOLD.contains(&call.call);
    let is_judged = is_judged && call.call != crate::world::calls::OPEN;
    is_judged.then_some((call, call.ended_ms?, call.failure.as_deref()?))
}

/// The part of a failure that the log must have: `/health` gives the cause alone.
fn as_written<'a>(call: &str, failure: &'a str) -> &'a str {
    match TOLD_ONCE.contains(&call) {
        true => failure.split_once(": ").map_or(failure, |(_, cause)| cause),
        false => failure,
    }
}

/// Whether the process was killed or paused, or its host lost power, while it should have written.
fn stopped(evidence: &Evidence<'_>, on: &str, at_ms: u64) -> bool {
    faults(evidence.history).any(|(fault_ms, _, fault)| {
        let stops =
            matches!(fault, Fault::Kill { host } | Fault::PowerLoss { host } | Fault::Pause { host, .. } if host == on);
        stops && (at_ms..=at_ms + WITHIN_MS).contains(&fault_ms)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::property::testing::*;

    const CAUSE: &str = "not done: the directory is locked";

    fn failed(call: &'static str) -> Story {
        Story::new().call(2000, call, CAUSE)
    }

    #[test]
    fn accepts_what_is_told_and_what_need_not_be() {
        let line =
            "refused correlation=0a1b0a1b0a1b0a1b cause=looking up the person: not done: the directory is locked";
        for story in [
            failed("directory user").logged(2100, line, &[]),
            failed("connect sentinel"),
            failed("directory probe").logged(
                1000,
                "something is wrong reasons=directory: the directory is locked ready=true",
                &[],
            ),
        ] {
            assert_eq!(story.judged_by(&FailuresLogged), Ok(()));
        }
    }

    #[test]
    fn rejects_what_is_not() {
        for story in [
            failed("directory user"),
            failed("directory probe"),
            failed("directory user").logged(1900, CAUSE, &[]),
            failed("directory user").logged(6000, CAUSE, &[]),
            failed("directory user").logged(2000, "outcome unknown: the directory is locked", &[]),
        ] {
            assert!(story.judged_by(&FailuresLogged).is_err());
        }
    }

    #[test]
    fn a_process_that_was_stopped_could_not_tell() {
        let killed = |at_ms| failed("directory user").fault(at_ms, Fault::Kill { host: "idp-a".into() });
        assert_eq!(killed(2500).judged_by(&FailuresLogged), Ok(()));
        assert!(killed(1500).judged_by(&FailuresLogged).is_err());
        assert!(killed(6000).judged_by(&FailuresLogged).is_err());
    }
}
