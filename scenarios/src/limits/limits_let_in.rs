//! A limit that an attacker has reached does not keep the owner of the address out, once the attack is over or too slow
//! to use the limit up.
//!
//! Source: inventory 18, 20, 24 (every counter has a lifetime, from its first increment on); SP 800-63B-4 section 3.2.2
//! (rate limiting must not become a way to lock people out, short of its hard stop).
//!
//! Fairness. Everything has healed and settled. In the whole span that a window may reach back over, the attempts of
//! others leave room for the person's own ([`OWN`]); those that were stopped because of where they came from do not count. The person tries like everybody. The bound is about twice the
//! longest time seen in 30 seeds of each scenario.
//!
//! Edges. If a store's clock was ahead and is set back, every counter of that time lives longer by as much, because
//! expiry is absolute on each node's own clock (measured). The span reaches back over that time, too (found by the
//! swarm). An address with a hundred failures in its past may be locked forever by the hard stop; those from before an
//! operator unlocked it are no excuse. A login whose code
//! was stolen may cost its owner the tokens (see [`crate::property::EveryoneCanLogIn`]).

use crate::{
    availability::contested::{CONTESTED, contested},
    limits, mailed_code, people,
    property::{
        bound::Bound,
        calm::{Calm, first_of},
        human, invocations, limits,
        reading::Invocation,
    },
    vocabulary::{Behaviour, Event, Evidence, Fault, History, Kind, Login, Op, Property, Violation},
};
use std::time::Duration;

/// The number of attempts, and of mails, that a person needs to log in and press a button once more.
const OWN: u64 = 2;
/// The error with which the service refuses a client that has had too many.
const FROM_HERE: &str = "too-many-from-here";
/// Allowance for the rounding of windows, milliseconds.
const SLACK_MS: u64 = 1000;

/// Property: after an attack the person who was attacked can log in. See the module.
pub struct LimitsLetIn(Bound);

impl LimitsLetIn {
    /// The longest time for a whole login.
    pub fn within(limit: Duration) -> LimitsLetIn {
        LimitsLetIn(Bound::within(limit, 5_000))
    }

    /// How long the world needs to settle after healing.
    pub fn settling(self, settle: Duration) -> LimitsLetIn {
        LimitsLetIn(self.0.settling(settle))
    }
}

/// The address that an attempt counts for, and whether the attempt sends a mail.
fn attempt<'a>(invocation: &Invocation<'a>) -> Option<(&'a str, bool)> {
    match invocation.op {
        Op::MailedCode(mailed_code::Op::SendCode { address, .. }) => Some((address, true)),
        Op::MailedCode(mailed_code::Op::VerifyCode { address, .. }) => Some((address, false)),
        _ => None,
    }
}

/// When an operator had last unlocked an address, certainly, before somebody began to log in; 0 if nobody had.
fn unlocked_ms(invocations: &[Invocation<'_>], address: &str, before_ms: u64) -> u64 {
    let unlocks = invocations.iter().filter(|invocation| {
        matches!(invocation.op, Op::Limits(limits::Op::Unlock { address: unlocked }) if unlocked == address)
    });
    let earlier = unlocks.filter(|unlock| unlock.ok() && unlock.ended_ms() <= before_ms);
    earlier.map(|unlock| unlock.began_ms).max().unwrap_or(0)
}

/// The most that the stores' clocks can have been ahead, milliseconds: the sum of all changes that moved one forward.
pub(crate) fn ahead_ms(history: &History) -> u64 {
    let forward = history.records.iter().map(|record| match &record.event {
        Event::Fault { fault, .. } => match fault {
            Fault::ClockOffset { host, offset_ms: by_ms } | Fault::ClockJump { host, by_ms }
                if host.starts_with("redis") =>
            {
                by_ms.max(&0).unsigned_abs()
            }
            _ => 0,
        },
        _ => 0,
    });
    forward.sum()
}

impl Property<Login> for LimitsLetIn {
    fn name(&self) -> String {
        "LimitsLetIn".into()
    }
    fn kind(&self) -> Kind {
        Kind::Eventually
    }
    fn claim(&self) -> String {
        format!(
            "whoever was attacked logs in within {} when the attack leaves them room",
            human(self.0.within_ms)
        )
    }
    fn check(&self, evidence: &Evidence<'_>) -> Result<(), Violation> {
        let calm = Calm::of(evidence, self.0.settle_ms);
        let window_ms = evidence.plan.world.limit_window_s * 1000 + ahead_ms(evidence.history);
        let limits = limits();
        let attacked = |who: &str| {
            evidence.plan.operations.iter().any(|operation| match &operation.does {
                Behaviour::Limits(limits::Behaviour::Guess { victim, .. })
                | Behaviour::Limits(limits::Behaviour::Flood { victim, .. }) => victim == who,
                _ => false,
            })
        };
        let invocations = invocations(evidence.history);
        for login in invocations
            .iter()
            .filter(|invocation| *invocation.op == Op::People(people::Op::LogIn))
        {
            let deadline_ms = login.began_ms + self.0.within_ms;
            if !attacked(login.who) {
                continue;
            }
            let own = format!("{}@example.com", login.who);
            let since_ms = login.began_ms.saturating_sub(window_ms + SLACK_MS);
            let others = |mail: bool| {
                let alike = invocations
                    .iter()
                    .filter(|invocation| attempt(invocation) == Some((&own, mail)));
                let near =
                    alike.filter(|invocation| invocation.ended_ms() >= since_ms && invocation.began_ms <= deadline_ms);
                let others = near.filter(|invocation| invocation.who != login.who);
                others
                    .filter(|invocation| invocation.failure() != Some(FROM_HERE))
                    .count() as u64
            };
            let unlocked_ms = unlocked_ms(&invocations, &own, login.began_ms);
            let wrong = invocations
                .iter()
                .filter(|invocation| attempt(invocation) == Some((&own, false)) && !invocation.ok())
                .filter(|invocation| unlocked_ms < invocation.ended_ms());
            let locked = wrong.count() as u64 >= limits.consecutive_failures;
            let excuse = calm
                .excuse(login.began_ms, login.ended_ms().min(deadline_ms))
                .or_else(|| {
                    first_of([
                        (contested(login, &invocations), CONTESTED),
                        (locked, "locked by failures in a row"),
                        (
                            others(false) + OWN > limits.login_attempts,
                            "others' attempts leave no room",
                        ),
                        (others(true) + OWN > limits.sends, "others' mails leave no room"),
                    ])
                });
            if !evidence.is_violated(!login.in_time(deadline_ms), excuse) {
                continue;
            }
            let what = format!(
                "{} began to log in at {}, with {} attempts and {} mails of others in the way, and it",
                login.who,
                human(login.began_ms),
                others(false),
                others(true)
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
    use crate::vocabulary::{Operation, Seen};

    /// An attack on ann, in a world whose window is 60 s.
    fn attacked() -> Story {
        let mut story = Story::new();
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
        story
    }

    fn guesses(story: Story, count: u64, from_ms: u64) -> Story {
        (0..count).fold(story, |story, n| {
            let at_ms = from_ms + n;
            let guess = verify("f", "ann", &format!("guess-{n}"));
            story.op((at_ms, at_ms + 10), "guesser", guess, fail("wrong-code"))
        })
    }

    fn refused(story: Story) -> Story {
        story.op(
            (100_000, 103_000),
            "ann",
            Op::People(people::Op::LogIn),
            fail("too-many-logins"),
        )
    }

    /// An attack while a store's clock is off for a while.
    fn clock(offset_ms: i64) -> Story {
        let host = "redis-1".into();
        let off = attacked().fault(500, Fault::ClockOffset { host, offset_ms });
        off.fault(20_000, Fault::Heal)
    }

    fn claim() -> LimitsLetIn {
        LimitsLetIn::within(Duration::from_secs(10))
    }

    #[test]
    fn accepts_success_and_refusals_that_the_attack_explains() {
        let mails = (0..4).fold(attacked(), |story, n| {
            story.op((90_000, 90_020), "flooder", send(&format!("f{n}"), "ann"), Seen::Ok)
        });
        for story in [
            guesses(attacked(), 60, 1000).op((100_000, 103_000), "ann", Op::People(people::Op::LogIn), Seen::Ok),
            refused(guesses(attacked(), 9, 60_000)),
            refused(mails),
            refused(guesses(attacked(), 100, 1000)),
            refused(Story::new()),
            refused(attacked().fault(98_000, Fault::Heal)),
            attacked().unended(111_000, "ann", Op::People(people::Op::LogIn)),
            refused(guesses(clock(100_000), 60, 1000)),
        ] {
            assert_eq!(story.judged_by(&claim()), Ok(()));
        }
    }

    #[test]
    fn failures_from_before_an_operator_unlocked_the_address_excuse_nothing() {
        let unlocked = |who: &str, at_ms: u64, seen: Seen| {
            let address = format!("{who}@example.com");
            let unlock = Op::Limits(limits::Op::Unlock { address });
            let story = guesses(attacked(), 100, 1000).op((at_ms, at_ms), "operator", unlock, seen);
            refused(story).judged_by(&claim())
        };
        assert!(unlocked("ann", 70_000, Seen::Ok).is_err());
        assert_eq!(unlocked("ann", 70_000, unknown()), Ok(()), "perhaps it was not done");
        assert_eq!(unlocked("ann", 70_000, fail("locked")), Ok(()), "it was not done");
        assert_eq!(unlocked("bob", 70_000, Seen::Ok), Ok(()), "another address");
        assert_eq!(unlocked("ann", 101_000, Seen::Ok), Ok(()), "too late for this login");
        assert_eq!(unlocked("ann", 1000, Seen::Ok), Ok(()), "they failed after that");
    }

    #[test]
    fn what_was_stopped_where_it_came_from_leaves_room() {
        let liar = |error: &str| {
            let guess = |story: Story, n: u64| {
                let at_ms = 60_000 + n;
                story.op(
                    (at_ms, at_ms + 10),
                    "liar",
                    verify("f", "ann", &format!("{n}")),
                    fail(error),
                )
            };
            refused((0..20).fold(attacked(), guess)).judged_by(&claim())
        };
        assert!(liar("too-many-from-here").is_err());
        assert_eq!(liar("too-many-logins"), Ok(()));
    }

    #[test]
    fn rejects_refusals_after_the_attack_and_during_a_slow_one_and_lateness() {
        for (story, reason) in [
            (refused(guesses(attacked(), 60, 1000)), "failed-too-many-logins"),
            (refused(guesses(attacked(), 8, 60_000)), "failed-too-many-logins"),
            (
                guesses(attacked(), 8, 1000).op((100_000, 111_000), "ann", Op::People(people::Op::LogIn), Seen::Ok),
                "late",
            ),
            (refused(guesses(clock(-100_000), 60, 1000)), "failed-too-many-logins"),
            (refused(guesses(clock(30_000), 60, 1000)), "failed-too-many-logins"),
        ] {
            assert_eq!(story.judged_by(&claim()).unwrap_err().reason, reason);
        }
    }
}
