//! Any unexpired code of a flow is accepted: an early code as well as the latest, and on a second click as well as on
//! the first.
//!
//! Source: inventory 5 (six mails came, and only the last code worked), 4 (same outcome for both clicks).
//!
//! Edges. A mail does not say to which flow it belongs, so only addresses that have one flow are judged. After a
//! failover a code may be lost, and while something on the path of a login is broken it may not be found: then nothing
//! is judged. A refusal by a limit is reported as such, and is not a refusal of the code.

use crate::{
    limits::attempts_limited::WRONG_CODE,
    mailed_code,
    property::{
        calm::first_of,
        human, invocations,
        reading::{TroubledTimes, mails, touches_logins},
        violation,
    },
    vocabulary::{Evidence, Kind, Login, Op, Property, Violation},
};
use std::collections::{BTreeMap, BTreeSet};

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
        let trouble = TroubledTimes::of(evidence.history, 30_000, touches_logins);
        let ttl_ms = evidence.plan.world.email_code_ttl_s * 1000;
        let invocations = invocations(evidence.history);
        let mut flows: BTreeMap<&str, BTreeSet<_>> = BTreeMap::new();
        let mut pressed_ms: BTreeMap<&str, u64> = BTreeMap::new();
        for invocation in &invocations {
            if let Op::MailedCode(mailed_code::Op::SendCode { flow, address }) = invocation.op {
                flows.entry(address).or_default().insert(flow);
                pressed_ms.entry(address).or_insert(invocation.began_ms);
            }
        }
        for invocation in &invocations {
            let Op::MailedCode(mailed_code::Op::VerifyCode { flow, address, code }) = invocation.op else {
                continue;
            };
            let refused = invocation.failure() == Some(WRONG_CODE);
            let own_flow = flows
                .get(address.as_str())
                .is_some_and(|flows| flows.len() == 1 && flows.contains(flow));
            let Some((sent_ms, mail, ..)) = mails(evidence.history)
                .find(|(at_ms, _, to, mailed)| *to == address && *mailed == code && *at_ms <= invocation.began_ms)
            else {
                continue;
            };
            let pressed_ms = pressed_ms.get(address.as_str()).copied().unwrap_or(sent_ms);
            let fresh = invocation.ended_ms() < pressed_ms + ttl_ms;
            let excuse = first_of([
                (!refused && !invocation.ok(), "neither accepted nor called wrong"),
                (!own_flow, "mails for several logins"),
                (!fresh, "the code may have expired"),
                (
                    !trouble.spares(pressed_ms, invocation.ended_ms()),
                    "a fault on the path of a login, and 30 s more",
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
        let another_flow = pressed().op((100, 150), "ann", send("f2", "ann"), Seen::Ok);
        let kill = Fault::Kill { host: "redis-1".into() };
        let limited = pressed().op(
            (2000, 2050),
            "ann",
            verify("f1", "ann", "k1"),
            fail("too-many-attempts"),
        );
        for story in [
            refused(pressed(), "f1", "k9"),
            refused(another_flow, "f1", "k1"),
            refused(pressed().fault(1000, kill), "f1", "k1"),
            limited,
        ] {
            assert_eq!(story.judged_by(&AnyCodeVerifies), Ok(()));
        }
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
}
