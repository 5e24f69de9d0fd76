//! Any unexpired code of a flow is accepted: an early code as well as the latest, and on a second click as well as on
//! the first.
//!
//! Source: inventory 5 (six mails came, and only the last code worked), 4 (same outcome for both clicks).
//!
//! Edges. A mail does not say to which login it belongs. So a code is judged if, when its mail came, nobody had asked for
//! a mail to its address in another login. A refusal by a limit is reported as such, and is not a refusal of the code.
//! These things excuse the refusal:
//!
//! - The store has forgotten the code since the login first asked for one: `spec::Troubles::forgets`, by which the
//!   specification judges the same answer. No other fault excuses it: whoever cannot ask the store must not say that the
//!   code is wrong.
//! - The clocks of hosts differ by so much that the code may have expired.
//! - An earlier attempt with the same code got no answer, and something was broken since: a replica that was stopped may have
//!   taken the code with it. A link that is slower, by so little that no deadline passes because of it (`only_slows`), breaks
//!   nothing, and neither does a client that leaves.

use crate::{
    exchange::{troubles, troubles_but_for},
    limits::attempts_limited::WRONG_CODE,
    mailed_code,
    property::{
        calm::first_of,
        human, invocations,
        reading::{Invocation, mails, only_slows},
        violation,
    },
    vocabulary::{Evidence, Kind, Login, Op, Property, Violation},
};
use spec::{Times, Touches};
use std::collections::BTreeMap;

/// Property: every unexpired code of a flow is accepted. See the module.
pub struct AnyCodeVerifies;

impl Property<Login> for AnyCodeVerifies {
    fn name(&self) -> String {
        "AnyCodeVerifies".into()
    }
    fn kind(&self) -> Kind {
        Kind::Always
    }
    fn claim(&self) -> String {
        "any unexpired code of a flow is accepted, whichever mail it came in and however often it is clicked".into()
    }
    fn check(&self, evidence: &Evidence<'_>) -> Result<(), Violation> {
        let troubles = troubles(evidence.plan, evidence.history);
        let breaks = troubles_but_for(evidence.plan, evidence.history, only_slows);
        let any = |touches: &Touches| touches.service || touches.store || touches.directory;
        let ttl_ms = evidence.plan.world.email_code_ttl_s * 1000;
        let invocations = invocations(evidence.history);
        let mut pressed: BTreeMap<&str, BTreeMap<_, u64>> = BTreeMap::new();
        for invocation in &invocations {
            if let Op::MailedCode(mailed_code::Op::SendCode { flow, address }) = invocation.op {
                let flows = pressed.entry(address).or_default();
                flows.entry(flow).or_insert(invocation.began_ms);
            }
        }
        for invocation in &invocations {
            let Op::MailedCode(mailed_code::Op::VerifyCode { flow, address, code }) = invocation.op else {
                continue;
            };
            let refused = invocation.failure() == Some(WRONG_CODE);
            let Some((sent_ms, mail, ..)) = mails(evidence.history)
                .find(|(at_ms, _, to, mailed)| *to == address && *mailed == code && *at_ms <= invocation.began_ms)
            else {
                continue;
            };
            let flows = pressed.get(address.as_str()).into_iter().flatten();
            let asked: Vec<_> = flows.filter(|(_, pressed_ms)| **pressed_ms <= sent_ms).collect();
            let pressed_ms = match asked[..] {
                [(asked, pressed_ms)] if *asked == flow => Some(*pressed_ms),
                _ => None,
            };
            let typed = invocation.times();
            let made = Times::new(pressed_ms.unwrap_or(sent_ms), sent_ms);
            let fresh = |clocks_ms| typed.to_ms + clocks_ms < made.from_ms + ttl_ms;
            let in_doubt = |other: &Invocation<'_>| {
                let is_certain = other.ok() || other.failure().is_some();
                let is_earlier = !is_certain && other.op == invocation.op && other.began_ms <= typed.to_ms;
                is_earlier && breaks.any(other.began_ms, typed.to_ms, any)
            };
            let excuse = first_of([
                (!refused && !invocation.ok(), "neither accepted nor called wrong"),
                (pressed_ms.is_none(), "the mail may belong to another login"),
                (!fresh(0), "the code may have expired"),
                (
                    !fresh(2 * troubles.dates_ms(typed.to_ms)),
                    "the clocks differ by as much as the code lives",
                ),
                (troubles.forgets(made, typed), "the store forgot the code"),
                (
                    invocations.iter().any(in_doubt),
                    "an attempt with this code got no answer",
                ),
            ]);
            if evidence.is_violated(refused, excuse) {
                let what = format!(
                    "{} typed the code that was mailed to {address} at {}, and was told that it is wrong",
                    invocation.who,
                    human(sent_ms)
                );
                return Err(violation(
                    &self.name(),
                    invocation.ended_ms(),
                    [vec![mail], invocation.records()].concat(),
                    what,
                )
                .because("mailed-code-refused"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::property::testing::*;
    use crate::vocabulary::{Fault, Seen};

    fn pressed() -> Story {
        Story::new()
            .op((0, 50), "ann", send("f1", "ann"), Seen::Ok)
            .event(90, "mail", mailed("ann", "k1"))
    }

    fn refused(story: Story, flow: &str, code: &str) -> Story {
        story.op((2000, 2050), "ann", verify(flow, "ann", code), fail(WRONG_CODE))
    }

    #[test]
    fn accepts_what_deserves_refusal() {
        let another_flow = Story::new()
            .op((0, 50), "ann", send("f1", "ann"), Seen::Ok)
            .op((60, 80), "ann", send("f2", "ann"), Seen::Ok)
            .event(90, "mail", mailed("ann", "k1"));
        let kill = Fault::Kill { host: "redis-1".into() };
        let failover = pressed().fault(1000, kill).event(1900, "redis-2", master("redis-2"));
        let stopped = pressed().fault(600, Fault::Kill { host: "idp-a".into() });
        let in_doubt = stopped.op((500, 900), "ann", verify("f1", "ann", "k1"), unknown());
        let limited = pressed().op(
            (2000, 2050),
            "ann",
            verify("f1", "ann", "k1"),
            fail("too-many-attempts"),
        );
        for story in [
            refused(pressed(), "f1", "k9"),
            refused(another_flow, "f1", "k1"),
            refused(failover, "f1", "k1"),
            refused(in_doubt, "f1", "k1"),
            limited,
        ] {
            assert_eq!(story.judged_by(&AnyCodeVerifies), Ok(()));
        }
    }

    #[test]
    fn rejects_a_refusal_after_an_attempt_that_nobody_waited_for() {
        let left = || pressed().op((500, 900), "ann", verify("f1", "ann", "k1"), unknown());
        assert!(refused(left(), "f1", "k1").judged_by(&AnyCodeVerifies).is_err());
        let slower = left().fault(
            300,
            Fault::Latency {
                a: "idp-a".into(),
                b: "redis-1".into(),
                added_ms: 60,
            },
        );
        assert!(refused(slower, "f1", "k1").judged_by(&AnyCodeVerifies).is_err());
    }

    #[test]
    fn rejects_the_first_code_refused_after_a_second_mail() {
        let story =
            pressed()
                .op((1000, 1050), "ann", send("f1", "ann"), Seen::Ok)
                .event(1090, "mail", mailed("ann", "k2"));
        assert!(refused(story, "f1", "k1").judged_by(&AnyCodeVerifies).is_err());
    }

    #[test]
    fn rejects_a_second_click_refused() {
        let story = pressed().op((1990, 2040), "ann", verify("f1", "ann", "k1"), Seen::Ok);
        assert!(refused(story, "f1", "k1").judged_by(&AnyCodeVerifies).is_err());
    }

    #[test]
    fn rejects_a_refusal_though_something_broke_that_makes_no_store_forget() {
        for host in ["redis-1", "idp-a", "sentinel-1"] {
            let story = pressed().fault(1000, Fault::Kill { host: host.into() });
            assert!(refused(story, "f1", "k1").judged_by(&AnyCodeVerifies).is_err());
        }
    }

    #[test]
    fn rejects_a_refusal_though_another_login_began_after_the_mail() {
        let story = pressed().op((100, 150), "ann", send("f2", "ann"), Seen::Ok);
        assert!(refused(story, "f1", "k1").judged_by(&AnyCodeVerifies).is_err());
    }

    #[test]
    fn counts_what_it_judges_and_why_not() {
        let late = refused(pressed(), "f1", "k1").op((100_000, 100_050), "ann", send("f2", "ann"), Seen::Ok);
        let story = late.event(100_090, "mail", mailed("ann", "k2")).op(
            (101_000, 101_050),
            "ann",
            verify("f2", "ann", "k2"),
            Seen::Ok,
        );
        let whose = ("the mail may belong to another login".to_owned(), 1, 0);
        let (judged, spared) = story.tally(&AnyCodeVerifies);
        assert_eq!((judged, spared), (1, vec![]), "it ends at the first violation");
        let accepted = pressed()
            .op((2000, 2050), "ann", verify("f1", "ann", "k1"), Seen::Ok)
            .op((3000, 3050), "ann", send("f2", "ann"), Seen::Ok)
            .event(3090, "mail", mailed("ann", "k2"))
            .op((4000, 4050), "ann", verify("f2", "ann", "k2"), Seen::Ok);
        assert_eq!(accepted.tally(&AnyCodeVerifies), (1, vec![whose]));
    }
}
