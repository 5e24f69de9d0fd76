//! Once faults are over, or the service has had time to recover from them, every login that begins succeeds within a
//! bound.
//!
//! Source: inventory 6, 34, 37, 39. Liveness is stated as in openraft's turmoil tests: faults heal, then progress must
//! resume within a bound.
//!
//! Fairness. Everything that a scenario breaks is repaired and stays so; the network delivers what is sent; people try
//! again when a page asks them to, and think for a few seconds at most. Bounds are about twice the longest time seen in
//! 30 seeds of each scenario with a login begun every second after healing.
//!
//! Edges. The property judges whole logins that began late enough after healing, and those that ended, or had to end,
//! before the first fault. A login that is under way when the run ends is judged if its deadline was before. It does not
//! judge:
//!
//! - people attacked by a guesser or a flooder, who may meet a limit ([`crate::property::LimitsLetIn`] judges them);
//! - people whose mail an attacker reads, because the attacker's attempts may disturb their logins;
//! - probes of one replica ([`crate::property::EveryReplicaServes`] judges them);
//! - logins that lost the tokens of a code, or could not use them, after somebody else had presented that code too, or it
//!   was raced on purpose (RFC 6749 section 4.1.2: on reuse the server revokes them). A login that got its tokens is judged,
//!   however often its code was presented.

use crate::{
    availability::{
        self,
        contested::{CONTESTED, contested},
    },
    limits, mailed_code, people,
    property::{calm::Calm, faults, human, invocations},
    vocabulary::{Behaviour, Evidence, Kind, Login, Op, Plan, Property, Violation},
};
use std::{collections::BTreeMap, time::Duration};

/// Property: every login succeeds within a bound. See the module.
pub struct EveryoneCanLogIn {
    within_ms: u64,
    settle_ms: u64,
    since: Since,
}

#[derive(Clone, Copy)]
enum Since {
    Always,
    Healed,
    LastFault,
}

impl EveryoneCanLogIn {
    /// A whole login takes no longer than this, once everything has healed.
    pub fn within(limit: Duration) -> EveryoneCanLogIn {
        EveryoneCanLogIn {
            within_ms: limit.as_millis() as u64,
            settle_ms: 20_000,
            since: Since::Healed,
        }
    }

    /// How long the world needs to settle after healing.
    pub fn settling(self, settle: Duration) -> EveryoneCanLogIn {
        EveryoneCanLogIn {
            settle_ms: settle.as_millis() as u64,
            ..self
        }
    }

    /// Judges logins that begin at least `settle` after the last fault, healed or not: the service must recover by
    /// itself.
    pub fn after_last_fault(self, settle: Duration) -> EveryoneCanLogIn {
        EveryoneCanLogIn {
            settle_ms: settle.as_millis() as u64,
            since: Since::LastFault,
            ..self
        }
    }

    /// Judges every login, whatever faults are injected: they must not stop anybody.
    pub fn at_any_time(self) -> EveryoneCanLogIn {
        EveryoneCanLogIn {
            since: Since::Always,
            ..self
        }
    }

    /// The times in which logins are judged.
    fn judged_times(&self, evidence: &Evidence<'_>) -> Calm {
        let healed = Calm::of(evidence, self.settle_ms);
        let settled_ms = match self.since {
            Since::Always => Some(0),
            Since::Healed => healed.settled_ms,
            Since::LastFault => {
                let injected = faults(evidence.history).filter(|(.., fault)| !fault.repairs()).last();
                Some(injected.map_or(0, |(at_ms, ..)| at_ms + self.settle_ms))
            }
        };
        Calm { settled_ms, ..healed }
    }
}

/// Why the logins of some people are never judged.
fn excused(plan: &Plan) -> BTreeMap<&str, &'static str> {
    let excuses = plan.operations.iter().filter_map(|operation| match &operation.does {
        Behaviour::Availability(availability::Behaviour::LogInAt { .. }) => {
            Some((operation.who.as_str(), "a probe, which EveryReplicaServes judges"))
        }
        Behaviour::Limits(limits::Behaviour::Guess { victim, .. } | limits::Behaviour::Flood { victim, .. }) => {
            Some((victim.as_str(), "attacked at a limit, which LimitsLetIn judges"))
        }
        Behaviour::MailedCode(mailed_code::Behaviour::PeekAtMail { victim, .. }) => {
            Some((victim.as_str(), "an attacker reads the mail"))
        }
        _ => None,
    });
    excuses.collect()
}

impl Property<Login> for EveryoneCanLogIn {
    fn name(&self) -> String {
        "EveryoneCanLogIn".into()
    }
    fn kind(&self) -> Kind {
        Kind::Eventually
    }
    fn claim(&self) -> String {
        let since = match self.since {
            Since::Healed => "everything healed",
            Since::LastFault => "the last fault",
            Since::Always => {
                return format!(
                    "whatever strikes, every login succeeds within {}",
                    human(self.within_ms)
                );
            }
        };
        format!(
            "from {} after {since}, every login succeeds within {}",
            human(self.settle_ms),
            human(self.within_ms)
        )
    }
    fn check(&self, evidence: &Evidence<'_>) -> Result<(), Violation> {
        let calm = self.judged_times(evidence);
        let excused = excused(evidence.plan);
        let invocations = invocations(evidence.history);
        for login in invocations
            .iter()
            .filter(|invocation| *invocation.op == Op::People(people::Op::LogIn))
        {
            let deadline_ms = login.began_ms + self.within_ms;
            let excuse = (excused.get(login.who).copied())
                .or_else(|| calm.excuse(login.began_ms, login.ended_ms().min(deadline_ms)))
                .or_else(|| contested(login, &invocations).then_some(CONTESTED));
            if !evidence.is_violated(!login.in_time(deadline_ms), excuse) {
                continue;
            }
            let what = format!(
                "{} began to log in at {}, with nothing left in the way, and it",
                login.who,
                human(login.began_ms)
            );
            return Err(login.missed(&self.name(), deadline_ms, &what));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::property::testing::*;
    use crate::redemption;
    use crate::vocabulary::{Fault, Operation, Seen};

    fn healed() -> Story {
        Story::new()
            .fault(1000, Fault::Kill { host: "redis-1".into() })
            .fault(30_000, Fault::Heal)
    }

    fn user_info(code: &str) -> Op {
        Op::Redemption(redemption::Op::UserInfo { code: tag(code) })
    }

    fn claim() -> EveryoneCanLogIn {
        EveryoneCanLogIn::within(Duration::from_secs(15)).settling(Duration::from_secs(10))
    }

    #[test]
    fn accepts_success_and_failures_during_trouble() {
        let story = healed()
            .op((2000, 60_000), "ann", Op::People(people::Op::LogIn), fail("gave up"))
            .op((39_000, 50_000), "ben", Op::People(people::Op::LogIn), unknown())
            .op((41_000, 45_000), "cleo", Op::People(people::Op::LogIn), Seen::Ok)
            .unended(119_000, "dan", Op::People(people::Op::LogIn));
        assert_eq!(story.judged_by(&claim()), Ok(()));
    }

    #[test]
    fn accepts_failures_of_people_under_attack() {
        let mut story = healed().op(
            (41_000, 50_000),
            "ann",
            Op::People(people::Op::LogIn),
            fail("too-many-attempts"),
        );
        story.operations.push(Operation {
            at_ms: 0,
            who: "guesser".into(),
            does: Behaviour::Limits(limits::Behaviour::Guess {
                victim: "ann".into(),
                guesses: 1,
                every_ms: 1,
                in_one_place: false,
                known_as: None,
            }),
        });
        assert_eq!(story.judged_by(&claim()), Ok(()));
    }

    #[test]
    fn accepts_a_login_whose_code_was_stolen() {
        let story = healed()
            .op((42_000, 42_050), "ann", redeem("c1", "balancer", true), Seen::Ok)
            .op(
                (42_060, 42_090),
                "thief",
                redeem("c1", "idp-a", true),
                fail("invalid_grant"),
            )
            .op((42_100, 42_150), "ann", user_info("c1"), fail("invalid_token"))
            .op(
                (41_000, 50_000),
                "ann",
                Op::People(people::Op::LogIn),
                fail("invalid_token"),
            );
        assert_eq!(story.judged_by(&claim()), Ok(()));
    }

    #[test]
    fn rejects_a_login_whose_code_was_stolen_too_late_or_that_lost_nothing() {
        let stolen = |at_ms, used| {
            let story = healed()
                .op((42_000, 42_050), "ann", redeem("c1", "balancer", true), Seen::Ok)
                .op((43_000, 43_050), "ann", user_info("c1"), used)
                .op((41_000, 50_000), "ann", Op::People(people::Op::LogIn), fail("gave up"));
            let thief = (at_ms, at_ms + 90);
            let story = story.op(thief, "thief", redeem("c1", "idp-a", true), fail("invalid_grant"));
            story.judged_by(&claim())
        };
        assert_eq!(stolen(42_060, fail("invalid_token")), Ok(()));
        assert!(stolen(50_001, fail("invalid_token")).is_err());
        assert!(stolen(42_060, Seen::Ok).is_err());
    }

    #[test]
    fn rejects_failure_doubt_lateness_and_no_end() {
        for story in [
            healed().op((41_000, 45_000), "ann", Op::People(people::Op::LogIn), fail("gave up")),
            healed().op((41_000, 45_000), "ann", Op::People(people::Op::LogIn), unknown()),
            healed().op((41_000, 57_000), "ann", Op::People(people::Op::LogIn), Seen::Ok),
            healed().unended(41_000, "ann", Op::People(people::Op::LogIn)),
        ] {
            assert!(story.judged_by(&claim()).is_err());
        }
    }

    /// Before the first fault nothing is in the way, either.
    #[test]
    fn a_fault_excuses_nothing_that_had_to_end_before_it() {
        let kill = || Fault::Kill { host: "redis-1".into() };
        let login = || Op::People(people::Op::LogIn);
        let hangs = |fault_ms| Story::new().unended(100, "ann", login()).fault(fault_ms, kill());
        let fails = |fault_ms| {
            let story = Story::new().op((100, 9000), "ann", login(), fail("gave up"));
            story.fault(fault_ms, kill()).judged_by(&claim())
        };
        assert_eq!(hangs(15_100).judged_by(&claim()), Ok(()));
        assert!(hangs(15_101).judged_by(&claim()).is_err());
        assert_eq!(fails(9000), Ok(()));
        assert!(fails(9001).is_err());
    }

    #[test]
    fn the_end_of_the_run_excuses_no_failure_before_it() {
        let late = |to_ms| healed().op((110_000, to_ms), "ann", Op::People(people::Op::LogIn), fail("gave up"));
        assert!(late(119_000).judged_by(&claim()).is_err());
    }

    #[test]
    fn counts_what_it_judges_and_why_not() {
        let story = healed()
            .op((2000, 3000), "ann", Op::People(people::Op::LogIn), Seen::Ok)
            .op((3000, 9000), "ben", Op::People(people::Op::LogIn), fail("gave up"))
            .op((41_000, 45_000), "cleo", Op::People(people::Op::LogIn), Seen::Ok)
            .unended(119_000, "dan", Op::People(people::Op::LogIn));
        let excuses = [
            (crate::property::calm::CUT_SHORT, 1, 1),
            (crate::property::calm::UNSETTLED, 2, 1),
        ];
        let excuses = excuses.map(|(excuse, things, wrong)| (excuse.to_owned(), things, wrong));
        assert_eq!(story.tally(&claim()), (1, excuses.to_vec()));
    }

    #[test]
    fn may_judge_before_anything_is_healed() {
        let story = || healed().op((12_000, 16_000), "ann", Op::People(people::Op::LogIn), fail("gave up"));
        assert_eq!(story().judged_by(&claim()), Ok(()));
        assert!(
            story()
                .judged_by(&claim().after_last_fault(Duration::from_secs(10)))
                .is_err()
        );
    }
}
