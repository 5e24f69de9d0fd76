//! A call that has failed makes nobody wait afterwards: what its request held (a note that an attempt goes on, a place in a queue,
//! a lock) is free when it has been answered.
//!
//! Source: inventory 25 and 54 (after a failure people press again). Somebody who is told "try again" and does so must not wait
//! for the end of what the failure has left.
//!
//! Fairness. Judged in stories in which single calls go wrong, and nothing else: each answer in whose time no call failed, or was
//! slow. It comes within [`BUDGET_MS`], as it does while nothing is broken.
//!
//! Edges. What frees it may fail as well: a call that releases the note of an attempt, or writes down what became of it, leaves it
//! for as long as attempts are noted that do not go on. And whoever does the same at the same time as somebody whose call fails
//! waits for them.

use crate::{
    property::{human, reading::exchanged, violation},
    vocabulary::{CallRecord, Evidence, Kind, Login, Property, Violation},
};

/// How long an answer may take, milliseconds.
const BUDGET_MS: u64 = 500;
/// A call that takes so long is slow, milliseconds.
const SLOW_MS: u64 = 200;
/// Calls that requests wait for: nobody waits for the relay, nor for analytics.
const WAITED_FOR: [&str; 5] = ["store ", "directory ", "sentinel ", "connect redis", "mail enqueue"];
/// So long a call takes at most of which nobody has heard, milliseconds.
const DROPPED_MS: u64 = 2_000;
/// So long the note of an attempt stays that could not be released or changed, milliseconds; and how it is.
const STAYS_MS: u64 = 2_500;
const RELEASES: [&str; 2] = ["store release auth:limit:verify", "store put auth:limit:verify"];

/// Property: failures leave nothing that people wait for. See the module.
pub struct FailuresEndAtOnce;

impl Property<Login> for FailuresEndAtOnce {
    fn kind(&self) -> Kind {
        Kind::Always
    }
    fn claim(&self) -> String {
        format!(
            "an answer in whose time no call fails comes within {}, whatever has failed before",
            human(BUDGET_MS)
        )
    }
    fn check(&self, evidence: &Evidence<'_>) -> Result<(), Violation> {
        for exchanged in exchanged(evidence.history) {
            let (from_ms, to_ms) = (exchanged.sent_ms, exchanged.ended_ms);
            let is_late = to_ms - from_ms > BUDGET_MS;
            if evidence.is_violated(is_late, failing(evidence, from_ms, to_ms)) {
                let what = format!(
                    "{} waited {} for an answer, and no call failed meanwhile",
                    exchanged.who,
                    human(to_ms - from_ms)
                );
                let records = vec![exchanged.sent_at, exchanged.ended_at];
                return Err(violation(&self.name(), to_ms, records, what).because("lingers"));
            }
        }
        Ok(())
    }
}

/// What failed or was slow between two moments, or left something behind.
fn failing(evidence: &Evidence<'_>, from_ms: u64, to_ms: u64) -> Option<&'static str> {
    let mut excuse = None;
    let waited_for = |call: &&CallRecord| WAITED_FOR.iter().any(|of| call.call.starts_with(of)) && call.at_ms <= to_ms;
    for call in evidence.calls.iter().filter(waited_for) {
        // One that did not end was dropped, by its deadline at the latest.
        let ended_ms = call.ended_ms.unwrap_or(call.at_ms + DROPPED_MS);
        let failed = call.failure.is_some();
        if (failed || ended_ms - call.at_ms >= SLOW_MS) && from_ms <= ended_ms {
            return Some("a call failed, or was slow");
        }
        if failed && RELEASES.contains(&call.call) && from_ms <= ended_ms + STAYS_MS {
            excuse = Some("a note could not be released");
        }
    }
    excuse
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        exchange,
        property::testing::*,
        vocabulary::{Event, Observation},
    };
    use spec::exchange::{Answered, Request};

    fn answered(story: Story, from_ms: u64, to_ms: u64) -> Story {
        let own = |seen| Event::Own(Observation::Exchange(seen));
        let asked = exchange::Observation::Asked {
            number: 1,
            door: "login".into(),
            request: Box::new(Request::default()),
        };
        let answer = Answered::With(Box::default());
        story.event(from_ms, "ann", own(asked)).event(
            to_ms,
            "ann",
            own(exchange::Observation::Answered { number: 1, answer }),
        )
    }

    fn failed(call: &'static str) -> Story {
        Story::new().call_from(1000, 1500, call, "not done: the directory is locked")
    }

    #[test]
    fn accepts_what_is_quick_and_what_fails_meanwhile() {
        for story in [
            answered(failed("directory user"), 1501, 2001),
            answered(failed("directory user"), 1500, 2100),
            answered(failed("store release auth:limit:verify"), 3900, 4500),
            answered(failed("store put auth:limit:verify"), 3900, 4500),
        ] {
            assert_eq!(story.judged_by(&FailuresEndAtOnce), Ok(()));
        }
    }

    #[test]
    fn rejects_what_waits_for_the_end_of_a_failure() {
        for story in [
            answered(failed("directory user"), 1501, 2002),
            answered(failed("mail deliver"), 1200, 1701),
            answered(failed("store release auth:limit:send-once"), 3900, 4500),
            answered(failed("store put auth:limit:verify"), 4001, 4600),
            answered(failed("store release auth:limit:verify"), 4001, 4600),
        ] {
            let violation = story.judged_by(&FailuresEndAtOnce).unwrap_err();
            assert_eq!(violation.reason, "lingers");
        }
    }
}
