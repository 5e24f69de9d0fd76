//! A code that its owner presents correctly, in time and for the first time is accepted, even if somebody else
//! presented it with a wrong verifier before.
//!
//! Source: inventory 7 (X: what was issued is redeemable; validate before consuming), RFC 7636 section 4.6, RFC 6749
//! section 5.2.
//!
//! Edges. Only `invalid_grant` is judged: "try again later" is a correct answer. These things excuse the refusal:
//!
//! - The store has forgotten the code, because another node became master, or a master came back empty, since it was
//!   issued: `spec::Troubles::forgets`, by which the specification judges the same answer. No other fault excuses it:
//!   whoever cannot ask the store must not say that the code is wrong.
//! - The clocks of hosts differ by so much that the code may have expired.
//! - Another correct presentation that began before this one ended and may have taken the code: one that was not refused
//!   with `invalid_grant` itself, since of all who present a code one gets the tokens.

use crate::{
    exchange::troubles,
    people,
    property::{calm::first_of, invocations, violation},
    redemption,
    vocabulary::{Evidence, Kind, Login, Op, Property, Violation},
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
        let troubles = troubles(evidence.plan, evidence.history);
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
            // The code is not older than the operation that received it.
            let received = |other: &&crate::property::reading::Invocation<'_>| {
                other.who == invocation.who
                    && *other.op == Op::People(people::Op::ReceiveCode)
                    && other.ok()
                    && other.ended_ms() <= invocation.began_ms
            };
            let Some(issue) = invocations.iter().rev().find(received) else {
                continue; // it is not its owner
            };
            let refused = invocation.failure() == Some("invalid_grant");
            if !refused && !invocation.ok() {
                evidence.is_violated(false, Some("neither tokens nor invalid_grant"));
                continue;
            }
            let (issued, presented) = (issue.times(), invocation.times());
            let clocks_ms = 2 * troubles.dates_ms(presented.to_ms);
            let in_time = |clocks_ms| presented.to_ms + clocks_ms < issued.from_ms + ttl_ms;
            let first = || {
                invocations.iter().all(|other| {
                    let same = matches!(other.op, Op::Redemption(redemption::Op::Redeem { code: c, rightful: true, .. }) if c == code);
                    let may_have_taken_it = other.failure() != Some("invalid_grant");
                    let is_another = other.began_at != invocation.began_at && other.began_ms < invocation.ended_ms();
                    !(same && is_another && may_have_taken_it)
                })
            };
            let excuse = first_of([
                (!in_time(0), "the code may have expired"),
                (!in_time(clocks_ms), "the clocks differ by as much as the code lives"),
                (!first(), "another correct presentation"),
                (troubles.forgets(issued, presented), "the store forgot the code"),
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
    use crate::vocabulary::{Fault, Seen};

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
        let failover = || {
            let kill = Fault::Kill { host: "redis-1".into() };
            issued().fault(70, kill).event(3000, "redis-2", master("redis-2"))
        };
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
            refused(failover(), 4000),
            refused(issued(), 60_000),
            honest,
            wrong,
        ] {
            assert_eq!(story.judged_by(&RightfulCodeHonoured), Ok(()));
        }
    }

    #[test]
    fn rejects_that_all_who_present_it_rightly_are_refused() {
        let thief = issued().op((60, 80), "thief", redeem("c1", "idp-a", true), fail("invalid_grant"));
        assert!(refused(thief, 100).judged_by(&RightfulCodeHonoured).is_err());
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

    #[test]
    fn rejects_a_refusal_though_something_broke_that_makes_no_store_forget() {
        for fault in [
            Fault::Kill { host: "redis-1".into() },
            Fault::Kill { host: "idp-a".into() },
            Fault::Cut {
                a: "idp-a".into(),
                b: "redis-1".into(),
            },
        ] {
            assert!(
                refused(issued().fault(70, fault), 100)
                    .judged_by(&RightfulCodeHonoured)
                    .is_err()
            );
        }
    }

    #[test]
    fn clocks_excuse_as_much_as_they_differ() {
        let off = |offset_ms| {
            let host = "redis-1".into();
            let late = issued().fault(70, Fault::ClockOffset { host, offset_ms });
            refused(late, 100).judged_by(&RightfulCodeHonoured)
        };
        assert_eq!(off(60_000), Ok(()));
        assert!(off(1000).is_err());
    }

    #[test]
    fn counts_what_it_judges_and_why_not() {
        let late = refused(issued(), 60_000).op((90_000, 90_050), "ben", Op::People(people::Op::ReceiveCode), Seen::Ok);
        let story = late.op((90_100, 90_120), "ben", redeem("c2", "balancer", true), Seen::Ok);
        let expired = ("the code may have expired".to_owned(), 1, 1);
        assert_eq!(story.tally(&RightfulCodeHonoured), (1, vec![expired]));
    }
}
