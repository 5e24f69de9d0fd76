//! Whoever was not told whether the lease is theirs finds out at their next question, and does not wait for its end: meanwhile nobody
//! would do the jobs.
//!
//! Source: inventory 29, 30; `core/LIMITS.md`: lease, renewals. A part of [`FailuresEndAtOnce`](super::failures_end_at_once).
//!
//! Fairness. Judged is each call for the lease of which nobody knows whether it was done, if the next one of the same process is
//! answered and no other call for the lease or the epoch fails, or is slow, until [`SLACK_MS`] after one more question.

use crate::{
    property::{calm::CUT_SHORT, calm::first_of, human, violation},
    vocabulary::{CallRecord, Evidence, Violation},
};
use spec::Settings;

/// The calls for the lease.
const OF_LEASE: [&str; 2] = ["store put_if_absent auth:leader", "store renew auth:leader"];
/// What whoever has the lease needs in order to lead.
const OF_LEADER: [&str; 4] = [
    OF_LEASE[0],
    OF_LEASE[1],
    "store release auth:leader",
    "directory begin_epoch",
];
/// How much later somebody may lead, milliseconds.
const SLACK_MS: u64 = 1_000;

/// The first time that nobody leads for longer.
pub(super) fn check(property: &str, evidence: &Evidence<'_>) -> Result<(), Violation> {
    let documented = Settings::default();
    let world = &evidence.plan.world;
    let pause_ms = match world.lease_ms == documented.get("lease") {
        true => documented.get("renewals"),
        false => 3 * world.lease_ms / 10,
    };
    let is_in_doubt = |call: &&CallRecord| {
        let failure = call.failure.as_deref().unwrap_or_default();
        OF_LEASE.contains(&call.call) && failure.starts_with("outcome unknown")
    };
    for doubt in evidence.calls.iter().filter(is_in_doubt) {
        let mut later = evidence.calls.iter().filter(|call| {
            call.host == doubt.host && call.call == OF_LEASE[0] && call.at_ms > doubt.at_ms && call.failure.is_none()
        });
        let Some(asked_ms) = later.next().and_then(|call| call.ended_ms) else {
            continue;
        };
        let deadline_ms = asked_ms + pause_ms + SLACK_MS;
        let fails = |call: &CallRecord| {
            let in_time = doubt.at_ms < call.at_ms && call.at_ms <= deadline_ms;
            in_time && OF_LEADER.contains(&call.call) && call.failure.is_some()
        };
        let excuse = first_of([
            (deadline_ms > evidence.plan.lasts_ms, CUT_SHORT),
            (evidence.calls.iter().any(fails), "another call failed"),
        ]);
        if evidence.is_violated(!leads_within(evidence, asked_ms, deadline_ms), excuse) {
            let what = format!(
                "{} was not told at {} whether the lease is its own, and nobody leads by {}",
                doubt.host,
                human(doubt.at_ms),
                human(deadline_ms)
            );
            return Err(violation(property, deadline_ms, vec![], what).because("leads-late"));
        }
    }
    Ok(())
}

/// Whether somebody leads at some moment between two.
fn leads_within(evidence: &Evidence<'_>, from_ms: u64, to_ms: u64) -> bool {
    let mut leader: Option<&str> = None;
    for line in evidence.operators.log.iter().map(|written| &written.line) {
        if line.at_ms > to_ms {
            break;
        }
        if line.at_ms > from_ms && leader.is_some() {
            return true;
        }
        match &line.text {
            text if text.starts_with("leading epoch=") => leader = Some(&line.host),
            text if text.starts_with("no longer leading ") && leader == Some(line.host.as_ref()) => leader = None,
            _ => {}
        }
    }
    leader.is_some()
}

#[cfg(test)]
mod tests {
    use crate::{operators::failures_end_at_once::FailuresEndAtOnce, property::testing::*};

    /// The lease is asked for at 10 s, and nobody hears whether it was given; it is asked for again at 13 s.
    fn doubted(leads_ms: u64) -> Story {
        let lost = "outcome unknown: the answer is lost";
        let story = Story::new().call_from(10_000, 10_500, super::OF_LEASE[0], lost);
        let story = story.answered_call(13_010, "idp-a", super::OF_LEASE[0]);
        story.logged_at(leads_ms, "INFO", "leading epoch=1")
    }

    #[test]
    fn whoever_may_have_the_lease_leads_at_its_next_question() {
        let reason = |story: Story| {
            story
                .judged_by(&FailuresEndAtOnce)
                .map_err(|violation| violation.reason)
        };
        assert_eq!(reason(doubted(13_020)), Ok(()));
        assert_eq!(
            reason(doubted(17_010)),
            Ok(()),
            "another one had it, and leads at its own next question"
        );
        assert_eq!(reason(doubted(17_011)), Err("leads-late".into()));
        let again = doubted(20_000).call_from(13_010, 13_020, "directory begin_epoch", "not done: busy");
        assert_eq!(reason(again), Ok(()));
        let led = doubted(9_000).logged_at(12_000, "WARN", "no longer leading epoch=1 why=the lease ran out");
        assert_eq!(reason(led), Err("leads-late".into()));
    }
}
