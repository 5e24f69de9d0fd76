//! A code that its owner presents correctly, in time and for the first time is accepted, even if somebody else
//! presented it with a wrong verifier before.
//!
//! Source: inventory 7 (X: what was issued is redeemable; validate before consuming), RFC 7636 section 4.6, RFC 6749
//! section 5.2.
//!
//! Edges. Only `invalid_grant` is judged: "try again later" is a correct answer. Two things excuse the refusal:
//!
//! - A fault on the path of the login since the login began: a failover may have lost the code, and a clock may have
//!   made it expire. The failure of one call does not excuse: the code was issued and nobody else presented it, so the
//!   ledger has no entry.
//! - Another correct presentation that began before this one ended, whatever its outcome.

use crate::{
    people,
    property::{
        calm::first_of,
        invocations,
        reading::{TroubledTimes, touches_logins},
        violation,
    },
    redemption,
    vocabulary::{Evidence, Fault, Kind, Login, Op, Property, Violation},
};

/// Property: the first correct presentation of a code is accepted. See the module.
pub struct RightfulCodeHonoured;

impl Property<Login> for RightfulCodeHonoured {
    fn name(&self) -> String {
        "RightfulCodeHonoured".into()
    }
    fn kind(&self) -> Kind {
        Kind::Always
    }
    fn claim(&self) -> String {
        "a code presented rightly, in time and for the first time is honoured".into()
    }
    fn check(&self, evidence: &Evidence<'_>) -> Result<(), Violation> {
        let excuses = |fault: &Fault| touches_logins(fault) && !matches!(fault, Fault::Call(_));
        let trouble = TroubledTimes::of(evidence.history, 30_000, excuses);
        let invocations = invocations(evidence.history);
        let ttl_ms = evidence.plan.world.code_ttl_s * 1000;
        for invocation in &invocations {
            let Op::Redemption(redemption::Op::Redeem {
                code,
                at,
                rightful: true,
            }) = invocation.op
            else {
                continue;
            };
            let refused = invocation.failure() == Some("invalid_grant");
            if !refused && !invocation.ok() {
                evidence.is_violated(false, Some("neither tokens nor invalid_grant"));
                continue;
            }
            // The code is not older than the operation that received it.
            let received = |other: &&crate::property::reading::Invocation<'_>| {
                other.who == invocation.who
                    && *other.op == Op::People(people::Op::ReceiveCode)
                    && other.ok()
                    && other.ended_ms() <= invocation.began_ms
            };
            let Some(issue) = invocations.iter().rev().find(received) else {
                evidence.is_violated(refused, Some("a code that was not received, or by others"));
                continue;
            };
            let in_time = invocation.ended_ms() < issue.began_ms + ttl_ms;
            let first = || {
                invocations.iter().all(|other| {
                    let same = matches!(other.op, Op::Redemption(redemption::Op::Redeem { code: c, rightful: true, .. }) if c == code);
                    !same || other.began_at == invocation.began_at || other.began_ms >= invocation.ended_ms()
                })
            };
            let excuse = first_of([
                (!in_time, "the code may have expired"),
                (!first(), "another correct presentation"),
                (
                    !trouble.spares(issue.began_ms, invocation.ended_ms()),
                    "a fault on the path of a login, and 30 s more",
                ),
            ]);
            if evidence.is_violated(refused, excuse) {
                let what = format!(
                    "{} presented the code {} at {at} for the first time, with all that binds it, and was refused",
                    invocation.who, code.0
                );
                return Err(
                    violation(&self.name(), invocation.ended_ms(), invocation.records(), what)
                        .because("first-presentation-refused"),
                );
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::property::testing::*;
    use crate::vocabulary::Seen;

    fn issued() -> Story {
        Story::new().op((0, 50), "ann", Op::People(people::Op::ReceiveCode), Seen::Ok)
    }

    fn refused(story: Story, from_ms: u64) -> Story {
        story.op(
            (from_ms, from_ms + 20),
            "ann",
            redeem("c1", "balancer", true),
            fail("invalid_grant"),
        )
    }

    #[test]
    fn accepts_refusals_that_are_deserved() {
        let before = issued().op((60, 80), "thief", redeem("c1", "idp-a", true), unknown());
        let fault = Fault::Kill { host: "redis-1".into() };
        let honest = issued().op(
            (100, 120),
            "ann",
            redeem("c1", "balancer", true),
            fail("temporarily_unavailable"),
        );
        let wrong = issued().op(
            (100, 120),
            "ann",
            redeem("c1", "balancer", false),
            fail("invalid_grant"),
        );
        for story in [
            refused(before, 100),
            refused(issued().fault(70, fault), 100),
            refused(issued(), 60_000),
            honest,
            wrong,
        ] {
            assert_eq!(story.judged_by(&RightfulCodeHonoured), Ok(()));
        }
    }

    #[test]
    fn rejects_a_code_burnt_by_a_wrong_verifier() {
        let story = issued().op((60, 80), "eve", redeem("c1", "balancer", false), fail("invalid_grant"));
        assert!(refused(story, 100).judged_by(&RightfulCodeHonoured).is_err());
    }

    #[test]
    fn rejects_a_refusal_though_one_call_failed() {
        let lost = issued().fault(70, answer_lost("store take auth:oidc:code"));
        assert!(refused(lost, 60).judged_by(&RightfulCodeHonoured).is_err());
    }

    #[test]
    fn rejects_a_refusal_without_any_cause() {
        assert!(refused(issued(), 100).judged_by(&RightfulCodeHonoured).is_err());
    }
}
