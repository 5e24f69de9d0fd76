//! Once everything has healed, the queue to the analytics hook drains: the hook is called for every login, within a
//! bound.
//!
//! Source: inventory 53 (the queue is bounded and drops events while the hook hangs; it must not go on dropping them).
//!
//! Fairness. Everything has healed and had time to settle, which is longer than the deadline of one call (2 s), and the
//! hook answers. Bounds are about twice the longest time seen in 30 seeds of each scenario.
//!
//! Edges. The world cannot see which person a call is about, so the property counts calls: a whole login leads to two
//! of them, one when its code is sent and one when it succeeds. Calls for other events (wrong codes, logins still in
//! progress) may be counted as well. The property therefore misses one lost call among many, but it detects a queue
//! that has stopped.

use crate::{
    analytics, people,
    property::{bound::Bound, calm::Calm, human, invocations, reading::Invocation, violation},
    vocabulary::{Event, Evidence, Kind, Login, Observation, Op, Property, Violation},
};
use std::time::Duration;

/// The least number of calls that a whole login leads to.
const CALLS_PER_LOGIN: usize = 2;

/// Property: after healing, the analytics hook is called for every login. See the module.
pub struct AnalyticsArrive(Bound);

impl AnalyticsArrive {
    /// The calls come within this time after the end of the login.
    pub fn within(limit: Duration) -> AnalyticsArrive {
        AnalyticsArrive(Bound::within(limit, 5_000))
    }

    /// How long the world needs to settle after healing.
    pub fn settling(self, settle: Duration) -> AnalyticsArrive {
        AnalyticsArrive(self.0.settling(settle))
    }
}

impl Property<Login> for AnalyticsArrive {
    fn name(&self) -> String {
        "AnalyticsArrive".into()
    }
    fn kind(&self) -> Kind {
        Kind::Eventually
    }
    fn claim(&self) -> String {
        format!(
            "from {} after everything healed, the hook is told of every login within {}",
            human(self.0.settle_ms),
            human(self.0.within_ms)
        )
    }
    fn check(&self, evidence: &Evidence<'_>) -> Result<(), Violation> {
        let calm = Calm::of(evidence, self.0.settle_ms);
        let invocations = invocations(evidence.history);
        let judged = |login: &&Invocation<'_>| {
            if *login.op != Op::People(people::Op::LogIn) || !login.ok() {
                return false;
            }
            let excuse = calm.excuse(login.began_ms, login.ended_ms() + self.0.within_ms);
            evidence.is_violated(false, excuse);
            excuse.is_none()
        };
        let mut logins: Vec<&Invocation<'_>> = invocations.iter().filter(judged).collect();
        logins.sort_by_key(|login| login.ended_ms());
        let before = logins
            .iter()
            .filter(|login| login.ended_ms() < calm.first_fault_ms)
            .count();
        for (index, login) in logins.iter().enumerate() {
            let deadline_ms = login.ended_ms() + self.0.within_ms;
            // Calls from before the first fault say nothing about logins after it.
            let (from_ms, earlier) = match index < before {
                true => (0, 0),
                false => (calm.settled_ms.unwrap_or(0), before),
            };
            let answered = Event::Own(Observation::Analytics(analytics::Observation::HookCalled {
                answered: true,
            }));
            let calls = evidence
                .history
                .records
                .iter()
                .filter(|record| record.event == answered && (from_ms..=deadline_ms).contains(&record.at_ms))
                .count();
            let logins = index + 1 - earlier;
            if calls < CALLS_PER_LOGIN * logins {
                let what = format!(
                    "{logins} logins since {} and {calls} calls to the analytics hook by {}",
                    human(from_ms),
                    human(deadline_ms)
                );
                return Err(violation(&self.name(), deadline_ms, login.records(), what).because("no-calls"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::property::testing::*;
    use crate::vocabulary::{Fault, Mode, OwnFault, Seen};

    fn healed() -> Story {
        let mode = Mode::Hanging;
        Story::new()
            .fault(
                1000,
                Fault::Own(OwnFault::Analytics(analytics::Fault::Analytics { mode })),
            )
            .fault(30_000, Fault::Heal)
    }

    fn called(story: Story, at_ms: u64, answered: bool) -> Story {
        story.event(
            at_ms,
            "analytics",
            Event::Own(Observation::Analytics(analytics::Observation::HookCalled { answered })),
        )
    }

    fn claim() -> AnalyticsArrive {
        AnalyticsArrive::within(Duration::from_secs(3))
    }

    #[test]
    fn accepts_calls_trouble_and_logins_that_came_to_nothing() {
        let login = healed().op((40_000, 44_000), "ann", Op::People(people::Op::LogIn), Seen::Ok);
        for story in [
            called(called(login, 41_000, true), 46_900, true),
            healed().op((34_000, 44_000), "ann", Op::People(people::Op::LogIn), Seen::Ok),
            healed().op((40_000, 44_000), "ann", Op::People(people::Op::LogIn), fail("gave up")),
            healed().op((40_000, 118_000), "ann", Op::People(people::Op::LogIn), Seen::Ok),
        ] {
            assert_eq!(story.judged_by(&claim()), Ok(()));
        }
    }

    /// Before the first fault nothing is in the way, either, and its calls count for its logins only.
    #[test]
    fn judges_before_the_first_fault_and_counts_anew_after_healing() {
        let early = |fault_ms| {
            let mode = Mode::Hanging;
            let hang = Fault::Own(OwnFault::Analytics(analytics::Fault::Analytics { mode }));
            let login = Story::new().op((100, 4000), "ann", Op::People(people::Op::LogIn), Seen::Ok);
            called(called(login, 200, true), fault_ms - 1, true)
                .fault(fault_ms, hang)
                .fault(30_000, Fault::Heal)
        };
        let later = |story: Story| story.op((40_000, 44_000), "ben", Op::People(people::Op::LogIn), Seen::Ok);
        assert_eq!(early(7001).judged_by(&claim()), Ok(()));
        assert!(early(8000).judged_by(&claim()).is_err(), "the second call was late");
        assert!(
            later(early(7001)).judged_by(&claim()).is_err(),
            "no call for the second login"
        );
    }

    #[test]
    fn rejects_silence_lateness_refusals_and_calls_for_others() {
        let login = || healed().op((40_000, 44_000), "ann", Op::People(people::Op::LogIn), Seen::Ok);
        let late = called(called(login(), 41_000, true), 47_100, true);
        let refused = called(called(login(), 41_000, true), 44_100, false);
        let other = called(called(login(), 41_000, true), 44_100, true).op(
            (43_000, 44_050),
            "ben",
            Op::People(people::Op::LogIn),
            Seen::Ok,
        );
        for story in [login(), late, refused, other] {
            assert_eq!(story.judged_by(&claim()).unwrap_err().reason, "no-calls");
        }
    }
}
