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
//! Edges. The property judges whole logins whose deadline is before the end of the run and before the first fault, or
//! that began late enough after healing. It does not judge:
//!
//! - people attacked by a guesser or a flooder, who may meet a limit ([`crate::property::LimitsLetIn`] judges them);
//! - people whose mail an attacker reads, because the attacker's attempts may disturb their logins;
//! - probes of one replica ([`crate::property::EveryReplicaServes`] judges them);
//! - logins whose code somebody else presented too before they had ended, or that was raced on purpose: their owner may
//!   lose the tokens (RFC 6749 section 4.1.2: on reuse the server revokes them).

use crate::{
    availability, limits, mailed_code, people,
    property::{calm::Calm, faults, human, invocations, reading::Invocation},
    redemption,
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

/// The excuse of a login one of whose codes was presented more than once with everything that binds it.
pub(crate) const CONTESTED: &str = "its code was presented twice";

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

/// Whether one of the codes of a login was presented more than once with everything that binds it, before the login had
/// ended: later it can cost nobody the login.
pub(crate) fn contested(login: &Invocation<'_>, invocations: &[Invocation<'_>]) -> bool {
    let own = invocations.iter().filter_map(|invocation| match invocation.op {
        Op::Redemption(redemption::Op::Redeem { code, .. })
            if invocation.who == login.who
                && invocation.began_ms >= login.began_ms
                && invocation.began_ms <= login.ended_ms() =>
        {
            Some(code)
        }
        _ => None,
    });
    let presented = |wanted| {
        let same = |invocation: &&Invocation<'_>| {
            let is_it = matches!(invocation.op, Op::Redemption(redemption::Op::Redeem { code, rightful: true, .. }) if code == wanted);
            is_it && invocation.began_ms <= login.ended_ms()
        };
        invocations.iter().filter(same).count()
    };
    own.into_iter().any(|code| presented(code) > 1)
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
                .or_else(|| calm.excuse(login.began_ms, deadline_ms))
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
    use crate::vocabulary::{Fault, Operation, Seen};

    fn healed() -> Story {
        Story::new()
            .fault(1000, Fault::Kill { host: "redis-1".into() })
            .fault(30_000, Fault::Heal)
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
            .op(
                (41_000, 50_000),
                "ann",
                Op::People(people::Op::LogIn),
                fail("invalid_token"),
            );
        assert_eq!(story.judged_by(&claim()), Ok(()));
    }

    #[test]
    fn rejects_a_failed_login_whose_code_was_stolen_afterwards() {
        let story = healed()
            .op((42_000, 42_050), "ann", redeem("c1", "balancer", true), Seen::Ok)
            .op((41_000, 50_000), "ann", Op::People(people::Op::LogIn), fail("gave up"))
            .op(
                (50_001, 50_090),
                "thief",
                redeem("c1", "idp-a", true),
                fail("invalid_grant"),
            );
        assert!(story.judged_by(&claim()).is_err());
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
        let story = |fault_ms| {
            Story::new()
                .op((100, 9000), "ann", Op::People(people::Op::LogIn), fail("gave up"))
                .fault(fault_ms, Fault::Kill { host: "redis-1".into() })
        };
        assert_eq!(story(15_100).judged_by(&claim()), Ok(()));
        assert!(story(15_101).judged_by(&claim()).is_err());
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
