//! While nothing is broken, one replica renews the lease and each other one asks whether it is free, all at the documented
//! pace.
//!
//! Source: inventory 29, 30. The lease is what idle replicas cost the store: what asks more often, or renews what it does
//! not hold, costs everybody; what asks less often leaves the jobs without a leader for longer than a lease.
//!
//! Fairness. Judged by the commands that the store gets, until the first fault that touches the store, the directory or a
//! replica. Edges. After a question, and after a renewal, a replica waits for the documented time; the command itself takes
//! some ways through the network. Drawn pauses before calls make it longer.

use crate::{
    login::renew_every,
    property::{human, violation},
    vocabulary::{Evidence, Kind, Login, Property, Violation},
};
use spec::Settings;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// Property: the lease is asked for and renewed at the documented pace, and only its holder renews it. See the module.
pub struct LeaseKept;

const RENEW: &str = "store renew auth:leader";
const ASK: &str = "store put_if_absent auth:leader";
const CALLS: [&str; 3] = [RENEW, ASK, "store release auth:leader"];

/// How many ways through the network there may be between two of these commands, beside the wait: the command, a new epoch
/// and a look at the newest one; and a connection that has to be made first.
const WAYS: u64 = 20;

impl Property<Login> for LeaseKept {
    fn name(&self) -> String {
        "LeaseKept".into()
    }
    fn kind(&self) -> Kind {
        Kind::Always
    }
    fn claim(&self) -> String {
        "while nothing is broken, one replica renews the lease and the others ask for it, at the documented pace".into()
    }
    fn check(&self, evidence: &Evidence<'_>) -> Result<(), Violation> {
        let world = &evidence.plan.world;
        let documented = Settings::default();
        let pause_ms = match world.lease_ms == documented.get("lease") {
            true => documented.get("renewals"),
            false => renew_every(Duration::from_millis(world.lease_ms)).as_millis() as u64,
        };
        let longest_ms = pause_ms + WAYS * world.latency_ms_max + 3 * world.call_pause_ms_max;
        let broke_ms = crate::property::faults(evidence.history)
            .find(|(.., fault)| !fault.repairs())
            .map_or(u64::MAX, |(at_ms, ..)| at_ms);
        let mut last: BTreeMap<&str, u64> = BTreeMap::new();
        let mut renewing: BTreeSet<&str> = BTreeSet::new();
        let calls = evidence.calls.iter().filter(|call| CALLS.contains(&call.call));
        for call in calls.take_while(|call| call.at_ms < broke_ms) {
            let host = &*call.host;
            if call.call == RENEW {
                renewing.insert(host);
            }
            let waited_ms = last.insert(host, call.at_ms).map(|before_ms| call.at_ms - before_ms);
            let off = waited_ms.filter(|ms| !(pause_ms..=longest_ms).contains(ms));
            let (reason, what) = match (off, renewing.len()) {
                (_, 2..) => ("two-renew", format!("{} replicas renew the lease", renewing.len())),
                (Some(ms), _) => (
                    "another-pace",
                    format!(
                        "{host} comes back for the lease after {}, instead of {}",
                        human(ms),
                        human(pause_ms)
                    ),
                ),
                _ => ("", String::new()),
            };
            if evidence.is_violated(!reason.is_empty(), None) {
                let what = format!("{what}, and nothing is broken");
                return Err(violation(&self.name(), call.at_ms, vec![], what).because(reason));
            }
        }
        // Nobody has stopped coming back.
        let end_ms = broke_ms.min(evidence.plan.lasts_ms);
        for (host, last_ms) in last {
            if evidence.is_violated(last_ms + longest_ms < end_ms, None) {
                let what = format!("{host} has not come back for the lease since {}", human(last_ms));
                return Err(violation(&self.name(), end_ms, vec![], what).because("another-pace"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{property::testing::*, vocabulary::Fault};

    /// Two replicas, until 11 s.
    fn story(every_ms: u64, other: &'static str) -> Story {
        let mut story = Story::new().fault(11_000, Fault::Kill { host: "idp-a".into() });
        story = story.answered_call(100, "idp-a", ASK).answered_call(110, "idp-b", ASK);
        for n in 1..=10_000 / every_ms {
            story = story.answered_call(100 + n * every_ms, "idp-a", RENEW);
            story = story.answered_call(110 + n * every_ms, "idp-b", other);
        }
        story
    }

    fn reason(story: Story) -> Result<(), String> {
        story.judged_by(&LeaseKept).map_err(|violation| violation.reason)
    }

    #[test]
    fn accepts_the_pace_and_what_comes_after_a_fault() {
        assert_eq!(reason(story(3010, ASK)), Ok(()));
        assert_eq!(reason(story(3010, ASK).answered_call(11_500, "idp-b", RENEW)), Ok(()));
    }

    #[test]
    fn rejects_another_pace_and_a_second_who_renews() {
        for every_ms in [2900, 3400, 9000] {
            assert_eq!(reason(story(every_ms, ASK)), Err("another-pace".into()));
        }
        assert_eq!(reason(story(3010, RENEW)), Err("two-renew".into()));
    }
}
