//! What analytics was not told is counted: the events that the hook took and those that the log says were lost are all that
//! happened.
//!
//! Source: inventory 53 (the queue is bounded and drops events; somebody must be able to see how many).
//!
//! Fairness. Judged in runs whose only trouble is a hook that takes nothing for a while, or replicas that are asked to end, in
//! which everybody logs in calmly and nobody is refused: a whole login is three events. Events that were lost after the hook last
//! took one are not told yet; so the last login ends long after it has healed.
//!
//! Edges. A hook that is slower than a replica waits takes what has been given up, so no story with such a hook declares this
//! property.

use crate::{
    analytics, people,
    property::{human, invocations, violation},
    vocabulary::{Event, Evidence, Kind, Login, Observation, Op, Property, Violation},
};

/// A login begins, its code is sent, and it succeeds.
const EVENTS_PER_LOGIN: u64 = 3;
/// How the lines begin that say how many events were lost: since the hook last took one, and when the process ended.
const LOST: [&str; 2] = [
    "the analytics hook takes events again lost=",
    "analytics has lost events lost=",
];

/// Property: every event is either told or counted as lost. See the module.
pub struct EventsCounted;

impl Property<Login> for EventsCounted {
    fn kind(&self) -> Kind {
        Kind::Always
    }
    fn claim(&self) -> String {
        "the log counts every event that analytics was not told".into()
    }
    fn check(&self, evidence: &Evidence<'_>) -> Result<(), Violation> {
        let invocations = invocations(evidence.history);
        let logins = || {
            invocations
                .iter()
                .filter(|one| *one.op == Op::People(people::Op::LogIn))
        };
        let is_judged = logins().all(|login| login.ok());
        let happened = EVENTS_PER_LOGIN * logins().count() as u64;
        let answered = Event::Own(Observation::Analytics(analytics::Observation::HookCalled {
            answered: true,
        }));
        let records = evidence.history.records.iter();
        let told = records.filter(|record| record.event == answered).count() as u64;
        let log = evidence.operators.log.iter().map(|written| written.line.text.as_str());
        let lost: u64 = log
            .filter_map(|text| LOST.iter().find_map(|says| text.strip_prefix(says)))
            .filter_map(|lost| lost.parse::<u64>().ok())
            .sum();
        let excuse = (!is_judged).then_some("somebody was not logged in");
        if evidence.is_violated(told + lost != happened, excuse) {
            let what = format!(
                "of {happened} events by {} the hook took {told}, and the log says that {lost} were lost",
                human(evidence.plan.lasts_ms)
            );
            return Err(violation(&self.name(), evidence.plan.lasts_ms, vec![], what).because("uncounted"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{property::testing::*, vocabulary::Seen};

    fn story(told: u64, lost: &str) -> Story {
        story_of(Seen::Ok, told, lost)
    }

    fn story_of(login: Seen, told: u64, lost: &str) -> Story {
        let login = Story::new().op((1000, 5000), "ann", Op::People(people::Op::LogIn), login);
        let story = (0..told).fold(login, |story, n| {
            let called = analytics::Observation::HookCalled { answered: true };
            story.event(1000 + n, "analytics", Event::Own(Observation::Analytics(called)))
        });
        story.logged(9000, lost, &[])
    }

    #[test]
    fn accepts_what_is_told_and_what_is_counted() {
        assert_eq!(story(3, "ready").judged_by(&EventsCounted), Ok(()));
        let counted = story(1, "the analytics hook takes events again lost=2");
        assert_eq!(counted.judged_by(&EventsCounted), Ok(()));
        let at_the_end = story(2, "analytics has lost events lost=1");
        assert_eq!(at_the_end.judged_by(&EventsCounted), Ok(()));
    }

    #[test]
    fn a_login_that_failed_is_not_so_many_events() {
        let failed = story_of(fail("wrong-code"), 2, "ready");
        let excused = (0, vec![("somebody was not logged in".into(), 1, 1)]);
        assert_eq!(failed.tally(&EventsCounted), excused);
    }

    #[test]
    fn rejects_what_is_neither_and_what_is_both() {
        for (told, lost) in [
            (2, "ready"),
            (1, "the analytics hook takes events again lost=1"),
            (2, "the analytics hook takes events again lost=2"),
        ] {
            assert_eq!(
                story(told, lost).judged_by(&EventsCounted).unwrap_err().reason,
                "uncounted"
            );
        }
    }
}
