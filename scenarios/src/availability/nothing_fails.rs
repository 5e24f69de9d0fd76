//! Where nothing is broken, every operation succeeds at the first try.
//!
//! Source: inventory 33. This property keeps the others honest: a service that refuses everything would violate none of
//! them.
//!
//! Edges. Nothing is judged after the first fault. A fault of one call excuses less: only operations in progress while
//! that call lasts, if the call is made for a login; and only a missing mail, if the call is made for mail. A code
//! presented with a wrong verifier is meant to fail, as is everything that an attacker does. Where a call for a login
//! has failed, a redeemed code may still be in the store; if an attacker presents it then, its tokens are revoked (RFC
//! 6749 section 4.1.2). Operations that had not ended when the run ended are not judged.

use crate::{
    mailed_code,
    property::{
        calm::{UNENDED, first_of},
        faults, invocations,
        reading::{TroubledTimes, touches_logins, touches_mail},
        violation,
    },
    redemption,
    vocabulary::{Evidence, Fault, History, Kind, Login, Op, Property, Violation},
};
use std::collections::BTreeSet;

/// Property: as long as nothing is broken, every operation succeeds. See the module.
pub struct NothingFails;

impl Property<Login> for NothingFails {
    fn name(&self) -> String {
        "NothingFails".into()
    }
    fn kind(&self) -> Kind {
        Kind::Always
    }
    fn claim(&self) -> String {
        "while nothing is broken, every operation succeeds at the first try".into()
    }
    fn check(&self, evidence: &Evidence<'_>) -> Result<(), Violation> {
        let mut all = faults(evidence.history);
        let first_fault_ms = all.find(|(.., fault)| !matches!(fault, Fault::Call(_)));
        let first_fault_ms = first_fault_ms.map_or(u64::MAX, |(at_ms, ..)| at_ms);
        let of_calls = |fault: &Fault| matches!(fault, Fault::Call(_)) && touches_logins(fault);
        let trouble = TroubledTimes::of(evidence.history, 0, of_calls);
        let mail_fails = faults(evidence.history).any(|(.., fault)| touches_mail(fault));
        let attackers = evidence.plan.attackers();
        for invocation in invocations(evidence.history) {
            let meant_to_fail = attackers.contains(invocation.who)
                || matches!(
                    invocation.op,
                    Op::Redemption(redemption::Op::Redeem { rightful: false, .. })
                );
            if meant_to_fail {
                continue;
            }
            let Some(end) = invocation.end else {
                evidence.is_violated(false, Some(UNENDED));
                continue;
            };
            let waits_for_mail = matches!(invocation.op, Op::MailedCode(mailed_code::Op::AwaitMail { .. }));
            let may_be_revoked =
                || !trouble.spares(0, end.at_ms) && may_be_revoked(invocation.op, &attackers, evidence.history);
            let excuse = first_of([
                (end.at_ms >= first_fault_ms, "after the first fault"),
                (
                    !trouble.spares(invocation.began_ms, end.at_ms),
                    "a call for a login failed",
                ),
                (waits_for_mail && mail_fails, "a call for its mail failed"),
                (may_be_revoked(), "an attacker presented its code after a failed call"),
            ]);
            if !evidence.is_violated(!invocation.ok(), excuse) {
                continue;
            }
            let what = format!(
                "{} {}, which {}",
                invocation.who,
                sim::service::Op::describe(invocation.op),
                invocation.outcome()
            );
            return Err(
                violation(&self.name(), end.at_ms, invocation.records(), what).because(format!(
                    "{}-{}",
                    invocation.kind(),
                    invocation.ending()
                )),
            );
        }
        Ok(())
    }
}

/// Whether the operation asks with a token whose code an attacker has presented as well.
fn may_be_revoked(op: &Op, attackers: &BTreeSet<&str>, history: &History) -> bool {
    let Op::Redemption(redemption::Op::UserInfo { code: asked }) = op else {
        return false;
    };
    invocations(history).iter().any(|other| {
        let same = matches!(other.op, Op::Redemption(redemption::Op::Redeem { code, .. }) if code == asked);
        same && attackers.contains(other.who)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        directory, people,
        property::testing::*,
        vocabulary::{Behaviour, Operation, OwnFault, Seen},
    };

    #[test]
    fn accepts_success_and_what_is_meant_to_fail() {
        let story = Story::new()
            .op((0, 900), "ann", Op::People(people::Op::LogIn), Seen::Ok)
            .op((10, 20), "ann", redeem("c1", "balancer", false), fail("invalid_grant"))
            .fault(
                1000,
                Fault::Own(OwnFault::Directory(directory::Fault::DirectoryBusy { lasts_ms: 10 })),
            )
            .op((990, 1001), "ben", Op::People(people::Op::OpenLogin), unknown());
        assert_eq!(story.judged_by(&NothingFails), Ok(()));
    }

    #[test]
    fn a_call_that_failed_excuses_only_what_waits_for_it() {
        let struck = |call| Story::new().fault(5, answer_lost(call));
        let fails = |story: Story, from_to_ms| {
            let story = story.op(
                from_to_ms,
                "ann",
                Op::People(people::Op::OpenLogin),
                fail("unavailable"),
            );
            story.judged_by(&NothingFails).is_err()
        };
        assert!(!fails(struck("store put auth:oidc:flow"), (0, 9)));
        assert!(fails(struck("store put auth:oidc:flow"), (6, 9)), "it came afterwards");
        assert!(fails(struck("store health"), (0, 9)), "nobody waits for that");
    }

    #[test]
    fn a_token_may_be_revoked_once_a_call_failed_and_an_attacker_had_its_code() {
        let asks = |story: Story| {
            let code = tag("c1");
            let mut story = story.op(
                (30, 40),
                "ann",
                Op::Redemption(redemption::Op::UserInfo { code }),
                fail("invalid_token"),
            );
            story.operations.push(Operation {
                at_ms: 0,
                who: "thief".into(),
                does: Behaviour::Redemption(redemption::Behaviour::StealCodes { after_ms: vec![] }),
            });
            story.judged_by(&NothingFails).is_err()
        };
        let struck = || Story::new().fault(5, answer_lost("store take auth:oidc:code"));
        let stolen = |story: Story| story.op((20, 29), "thief", redeem("c1", "idp-a", true), fail("invalid_grant"));
        assert!(!asks(stolen(struck())));
        assert!(asks(struck()), "nobody stole it");
        assert!(asks(stolen(Story::new())), "nothing failed");
    }

    #[test]
    fn rejects_a_failure_and_a_doubt() {
        for seen in [fail("server_error"), unknown()] {
            let story = Story::new().op((0, 9), "ann", Op::People(people::Op::OpenLogin), seen);
            assert!(story.judged_by(&NothingFails).is_err());
        }
    }
}
