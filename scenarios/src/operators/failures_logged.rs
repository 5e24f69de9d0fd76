//! Whatever a dependency fails to do for a replica is in that replica's log, with its cause and its outcome.
//!
//! Source: inventory 25 (nothing falls back silently) and 56 (a cause that was swallowed).
//!
//! Fairness. Judged are the calls to the store, to the directory and to the mail relay that ended with a failure, wherever it
//! came from, and connections to Redis and to the relay that failed. A line of the same replica within three seconds must
//! contain the failure as the service writes it: `not done` or `outcome unknown`, and the cause. What is asked after a failure
//! (a code is put back, a mark taken away) may take its own deadline before the line is written.
//!
//! A process that has no file descriptors for long enough that a monitor came says that it could accept nobody, and if it gets
//! ready meanwhile, that it cannot open its port.
//!
//! And a cause that is told is the cause, as far as it can be seen: [`deadlines_told`].
//!
//! Edges. Not judged: a process that is killed or paused meanwhile cannot write; a failure just before the end of the run. A
//! look at health is told of once for each cause, so an earlier line counts for it. Sentinels are judged by what becomes of the
//! calls that needed them. What analytics loses is told once, until the hook takes an event again; it is not judged here.

use super::deadlines_told;
use crate::{
    availability,
    property::{
        faults,
        spans::{Span, spans},
        violation,
    },
    vocabulary::{Behaviour, CallRecord, Evidence, Fault, Kind, Login, Property, Violation},
};

/// Property: the log has every failure. See the module.
pub struct FailuresLogged;

/// Within so many milliseconds.
const WITHIN_MS: u64 = 3_000;
/// Besides the calls to the store and to the directory, these are told.
const TOLD: [&str; 3] = ["mail deliver", "connect mail", "connect redis"];
/// What is looked at by the clock is told of when it changes.
const TOLD_ONCE: [&str; 3] = ["store health", "store time", "directory probe"];

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
        self.check_descriptors(evidence)?;
        deadlines_told::check(&self.name(), evidence)
    }
}

const REFUSES: &str = "no connection could be accepted";
const OPENS: [&str; 2] = ["ready", "recovered: opening the port for logins again"];
const CLOSED: &str = "ready, but the port cannot be opened";

impl FailuresLogged {
    fn check_descriptors(&self, evidence: &Evidence<'_>) -> Result<(), Violation> {
        let monitor_comes_ms = monitor_comes_ms(evidence);
        let spans = spans(evidence.history);
        for span in &spans {
            let Fault::NoDescriptors { host, .. } = span.fault else {
                continue;
            };
            let (from_ms, to_ms) = (span.from_ms, span.to_ms.min(evidence.plan.lasts_ms));
            let excuse = spans
                .iter()
                .any(|other| disturbs(other, span, host))
                .then_some(DISTURBED);
            let log = evidence.operators.log.iter().map(|written| &written.line);
            let lines = || log.clone().filter(|line| line.host == *host);
            let says = |text: &str, from_ms: u64, to_ms: u64| {
                lines().any(|line| (from_ms..=to_ms).contains(&line.at_ms) && line.text.starts_with(text))
            };
            let was_asked = monitor_comes_ms.is_some_and(|every_ms| from_ms + every_ms + LOOK_MS < to_ms);
            if was_asked && evidence.is_violated(!says(REFUSES, from_ms, to_ms), excuse) {
                let what = format!("{host} had no file descriptors, and its log does not say that it accepts nobody");
                return Err(violation(&self.name(), from_ms, vec![], what).because("nobody-accepted"));
            }
            let while_ms = from_ms..to_ms.saturating_sub(LOOK_MS);
            let opening = lines().filter(|line| OPENS.contains(&line.text.as_str()) && while_ms.contains(&line.at_ms));
            for line in opening {
                if evidence.is_violated(!says(CLOSED, line.at_ms, line.at_ms + LOOK_MS), excuse) {
                    let what = format!("{host} had no file descriptor for its port, and its log does not say so");
                    return Err(violation(&self.name(), line.at_ms, vec![], what).because("port-not-opened"));
                }
            }
        }
        Ok(())
    }
}

/// So long a monitor's connection, or a try to open a port, may take, milliseconds.
const LOOK_MS: u64 = 500;
/// So long a process needs to start, milliseconds.
const STARTS_MS: u64 = 2_000;
const DISTURBED: &str = "something else happened to the process";

/// So long at most, from any moment, until a monitor comes, milliseconds; if there is one.
fn monitor_comes_ms(evidence: &Evidence<'_>) -> Option<u64> {
    let operations = evidence.plan.operations.iter();
    let pauses = operations.filter_map(|operation| match operation.does {
        Behaviour::Availability(availability::Behaviour::WatchHealth { every_ms }) => Some(operation.at_ms + every_ms),
        _ => None,
    });
    pauses.min()
}

/// Whether another fault keeps the process from accepting or telling anything while it has no descriptors. A disk that fails, or
/// a second time without descriptors, does not.
fn disturbs(other: &Span<'_>, span: &Span<'_>, host: &str) -> bool {
    let overlaps = other.from_ms <= span.to_ms && span.from_ms <= other.to_ms.saturating_add(STARTS_MS);
    let is_none = matches!(other.fault, Fault::DiskError { .. } | Fault::NoDescriptors { .. });
    overlaps && !is_none && other.fault.hosts().contains(&host)
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
    use crate::{
        property::testing::*,
        scenario::{cut, disk_fails, kill, ms, no_descriptors, secs, start},
        vocabulary::Operation,
    };

    const CAUSE: &str = "not done: the directory is locked";

    fn failed(call: &'static str) -> Story {
        Story::new().call_from(1000, 2000, call, CAUSE)
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

    /// A monitor comes every two seconds.
    fn watched(mut story: Story) -> Story {
        story.operations.push(Operation {
            at_ms: 0,
            who: "monitor".into(),
            does: availability::Behaviour::WatchHealth { every_ms: 2000 }.into(),
        });
        story
    }

    #[test]
    fn a_process_without_descriptors_says_so() {
        let without = |lasts_ms| watched(Story::new().fault(4000, no_descriptors("idp-a", ms(lasts_ms))));
        let told = without(3000).logged(5000, "no connection could be accepted port=8080 error=x", &[]);
        assert_eq!(told.judged_by(&FailuresLogged), Ok(()));
        assert_eq!(
            without(2400).judged_by(&FailuresLogged),
            Ok(()),
            "no monitor may have come"
        );
        let violated = without(3000).judged_by(&FailuresLogged).expect_err("nothing is told");
        assert_eq!(violated.reason, "nobody-accepted");
        let opens = "recovered: opening the port for logins again";
        let violated = without(2400)
            .logged(5000, opens, &[])
            .judged_by(&FailuresLogged)
            .expect_err("it cannot");
        assert_eq!(violated.reason, "port-not-opened");
        let cannot = "ready, but the port cannot be opened; trying again error=x";
        let story = without(2400).logged(5000, opens, &[]).logged(5001, cannot, &[]);
        assert_eq!(story.judged_by(&FailuresLogged), Ok(()));

        let spared = (0, vec![(DISTURBED.to_owned(), 1, 1)]);
        for fault in [kill("idp-a"), cut("monitor", "idp-a")] {
            assert_eq!(without(3000).fault(6000, fault).tally(&FailuresLogged), spared);
        }
        assert_eq!(
            without(3000).fault(5000, Fault::Heal).tally(&FailuresLogged),
            (0, vec![])
        );
        for story in [
            without(3000).fault(6000, kill("idp-b")),
            without(3000).fault(4500, disk_fails("idp-a", secs(1))),
        ] {
            assert!(story.judged_by(&FailuresLogged).is_err());
        }
        let restarted = |at_ms| {
            let story = Story::new().fault(1000, kill("idp-a")).fault(at_ms, start("idp-a"));
            watched(story.fault(4000, no_descriptors("idp-a", secs(3))))
        };
        assert_eq!(restarted(2000).tally(&FailuresLogged), spared);
        assert!(restarted(1999).judged_by(&FailuresLogged).is_err());
    }

    #[test]
    fn a_process_that_was_stopped_could_not_tell() {
        let killed = |at_ms| failed("directory user").fault(at_ms, Fault::Kill { host: "idp-a".into() });
        assert_eq!(killed(2500).judged_by(&FailuresLogged), Ok(()));
        assert!(killed(1500).judged_by(&FailuresLogged).is_err());
        assert!(killed(6000).judged_by(&FailuresLogged).is_err());
    }
}
