//! A code without everything that binds it yields nothing, and a thief who has everything gets nothing for a code that
//! its owner has redeemed.
//!
//! Source: RFC 7636 section 4.6 (a wrong verifier is `invalid_grant`), RFC 6749 section 4.1.2 (bound to client and
//! redirect URI, used once). Inventory 7.
//!
//! Edges. A thief who comes first and has everything cannot be distinguished from the owner; `CodeRedeemedOnce` judges
//! whether both succeed. A code counts as redeemed before only if the owner's success had ended when the thief began.

use crate::{
    property::{invocations, violation},
    redemption,
    vocabulary::{Evidence, Kind, Login, Op, Property, Violation},
};
use std::collections::BTreeMap;

/// Property: a stolen code yields no tokens. See the module.
pub struct StolenCodesUseless;

impl Property<Login> for StolenCodesUseless {
    fn name(&self) -> String {
        "StolenCodesUseless".into()
    }
    fn kind(&self) -> Kind {
        Kind::Always
    }
    fn claim(&self) -> String {
        "a code yields nothing without its verifier, nor after its owner has redeemed it".into()
    }
    fn check(&self, evidence: &Evidence<'_>) -> Result<(), Violation> {
        let invocations = invocations(evidence.history);
        let mut redeemed_ms: BTreeMap<_, u64> = BTreeMap::new();
        for invocation in invocations.iter().filter(|invocation| invocation.ok()) {
            if let Op::Redemption(redemption::Op::Redeem {
                code, rightful: true, ..
            }) = invocation.op
            {
                let first = redeemed_ms.entry(code).or_insert(u64::MAX);
                *first = (*first).min(invocation.ended_ms());
            }
        }
        for invocation in invocations.iter().filter(|invocation| invocation.end.is_some()) {
            let Op::Redemption(redemption::Op::Redeem { code, at, rightful }) = invocation.op else {
                continue;
            };
            let after_owner = redeemed_ms.get(code).is_some_and(|first| *first < invocation.began_ms);
            if (*rightful && !after_owner) || !evidence.is_violated(invocation.ok(), None) {
                continue;
            }
            let why = match rightful {
                false => "with a wrong verifier",
                true => "after it had been redeemed",
            };
            let what = format!("{} got tokens at {at} for the code {} {why}", invocation.who, code.0);
            return Err(
                violation(&self.name(), invocation.ended_ms(), invocation.records(), what).because(match rightful {
                    true => "tokens-after-redemption",
                    false => "tokens-with-a-wrong-verifier",
                }),
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::property::testing::*;
    use crate::vocabulary::Seen;

    #[test]
    fn accepts_refusals() {
        let story = Story::new()
            .op((90, 99), "ann", redeem("c1", "balancer", false), fail("invalid_grant"))
            .op((100, 120), "ann", redeem("c1", "balancer", true), Seen::Ok)
            .op((130, 140), "thief", redeem("c1", "idp-a", true), fail("invalid_grant"));
        assert_eq!(story.judged_by(&StolenCodesUseless), Ok(()));
    }

    #[test]
    fn rejects_a_wrong_verifier() {
        let story = Story::new().op((100, 120), "ann", redeem("c1", "balancer", false), Seen::Ok);
        assert!(story.judged_by(&StolenCodesUseless).is_err());
    }

    #[test]
    fn rejects_a_replay() {
        let story = Story::new()
            .op((100, 120), "ann", redeem("c1", "balancer", true), Seen::Ok)
            .op((130, 140), "thief", redeem("c1", "idp-a", true), Seen::Ok);
        assert!(story.judged_by(&StolenCodesUseless).is_err());
    }
}
