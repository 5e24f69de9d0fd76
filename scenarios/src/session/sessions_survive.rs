//! A person who is logged in stays logged in, whatever breaks for a while.
//!
//! Source: inventory 54, 55, 61 (an error of the store was treated as an absence, and people were logged out).
//!
//! Fairness of visits after healing. Nothing breaks again, and the visitor comes back. In 12 seeds no visit failed
//! after healing.
//!
//! Edges. An error page is acceptable, because it deletes nothing. There are two kinds of violation: a deleted cookie,
//! or the page for strangers shown to somebody who has a cookie; and, once everything has healed and settled, a visit
//! that does not succeed.

use crate::{
    property::{
        calm::{Calm, UNENDED},
        human, invocations, violation,
    },
    session,
    vocabulary::{Event, Evidence, Kind, Login, Observation, Op, Property, Violation},
};
use std::time::Duration;

/// Property: nobody is logged out by a fault. See the module.
pub struct SessionsSurvive {
    settle_ms: u64,
}

impl SessionsSurvive {
    /// Visits succeed again within this time after everything has healed.
    pub fn settling_within(limit: Duration) -> SessionsSurvive {
        SessionsSurvive {
            settle_ms: limit.as_millis() as u64,
        }
    }
}

impl Property<Login> for SessionsSurvive {
    fn name(&self) -> String {
        "SessionsSurvive".into()
    }
    fn kind(&self) -> Kind {
        Kind::Always
    }
    fn claim(&self) -> String {
        format!(
            "nobody is logged out by a fault, and visits succeed from {} after healing",
            human(self.settle_ms)
        )
    }
    fn check(&self, evidence: &Evidence<'_>) -> Result<(), Violation> {
        for (index, record) in evidence.history.records.iter().enumerate() {
            if let Event::Own(Observation::Session(session::Observation::LoggedOut { session })) = &record.event {
                let what = format!("{} was logged out of the session {}", record.who, session.0);
                return Err(violation(&self.name(), record.at_ms, vec![index], what).because("logged-out"));
            }
        }
        let calm = Calm::of(evidence, self.settle_ms);
        let visits = invocations(evidence.history)
            .into_iter()
            .filter(|invocation| matches!(invocation.op, Op::Session(session::Op::Visit { .. })));
        for invocation in visits {
            evidence.judged(1); // it logged nobody out
            let excuse = match invocation.end {
                None => Some(UNENDED),
                Some(end) => calm.excuse(invocation.began_ms, end.at_ms),
            };
            if evidence.is_violated(invocation.end.is_some() && !invocation.ok(), excuse) {
                let what = format!(
                    "a visit of {} {} though all is well",
                    invocation.who,
                    invocation.outcome()
                );
                return Err(
                    violation(&self.name(), invocation.ended_ms(), invocation.records(), what)
                        .because("visit-fails-in-calm"),
                );
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        directory,
        property::testing::*,
        vocabulary::{Fault, OwnFault, Seen},
    };

    fn visit(at_ms: u64, seen: Seen) -> Story {
        let session = tag("s1");
        Story::new()
            .fault(
                1000,
                Fault::Own(OwnFault::Directory(directory::Fault::DirectoryBusy { lasts_ms: 5000 })),
            )
            .fault(9000, Fault::Heal)
            .op(
                (at_ms, at_ms + 10),
                "ann",
                Op::Session(session::Op::Visit { session }),
                seen,
            )
    }

    fn claim() -> SessionsSurvive {
        SessionsSurvive::settling_within(Duration::from_secs(10))
    }

    #[test]
    fn accepts_errors_during_trouble() {
        assert_eq!(visit(2000, fail("temporarily-unavailable")).judged_by(&claim()), Ok(()));
        assert_eq!(visit(20_000, Seen::Ok).judged_by(&claim()), Ok(()));
    }

    #[test]
    fn rejects_errors_when_all_is_well() {
        assert!(visit(20_000, unknown()).judged_by(&claim()).is_err());
    }

    #[test]
    fn rejects_a_logout() {
        let story = visit(2000, Seen::Ok).event(
            3000,
            "ann",
            Event::Own(Observation::Session(session::Observation::LoggedOut {
                session: tag("s1"),
            })),
        );
        assert_eq!(story.judged_by(&claim()).unwrap_err().at_ms, 3000);
    }
}
