//! An authorization code yields tokens at most once, through races and failovers.
//!
//! Source: RFC 6749 section 4.1.2 ("the client MUST NOT use the authorization code more than once"; the server "MUST
//! deny the request"). Inventory 7, 23, 39.
//!
//! Edges. A redemption of unknown outcome may have happened, so a success beside it proves nothing: only two answers
//! with tokens are a violation. It does not matter who presents the code, where, or when, even after a failover that
//! brought the spent code back.

use crate::{
    property::{invocations, violation},
    redemption,
    vocabulary::{Evidence, Kind, Login, Op, Property, Violation},
};
use std::collections::BTreeMap;

/// Property: an authorization code yields tokens at most once. See the module.
pub struct CodeRedeemedOnce;

impl Property<Login> for CodeRedeemedOnce {
    fn name(&self) -> String {
        "CodeRedeemedOnce".into()
    }
    fn kind(&self) -> Kind {
        Kind::Always
    }
    fn claim(&self) -> String {
        "an authorization code yields tokens at most once".into()
    }
    fn check(&self, evidence: &Evidence<'_>) -> Result<(), Violation> {
        let mut redeemed = BTreeMap::new();
        for invocation in invocations(evidence.history) {
            let Op::Redemption(redemption::Op::Redeem { code, at, .. }) = invocation.op else {
                continue;
            };
            if !invocation.ok() {
                continue;
            }
            evidence.judged(1);
            let end_ms = invocation.ended_ms();
            let Some((who, place, when, records)) =
                redeemed.insert(code, (invocation.who, at, end_ms, invocation.records()))
            else {
                continue;
            };
            let what = format!(
                "the code {} was redeemed by {who} at {place} ({}) and again by {} at {at}",
                code.0,
                crate::property::human(when),
                invocation.who,
            );
            return Err(violation(
                &self.name(),
                end_ms.max(when),
                [records, invocation.records()].concat(),
                what,
            )
            .because("tokens-twice"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::property::testing::*;
    use crate::vocabulary::Seen;

    fn first() -> Story {
        Story::new().op((100, 120), "ann", redeem("c1", "balancer", true), Seen::Ok)
    }

    #[test]
    fn accepts_refusals_and_doubts() {
        let story = first()
            .op((110, 130), "thief", redeem("c1", "idp-b", true), fail("invalid_grant"))
            .op((140, 900), "thief", redeem("c1", "idp-a", true), unknown())
            .unended(150, "thief", redeem("c1", "idp-a", true))
            .op((200, 220), "ben", redeem("c2", "balancer", true), Seen::Ok);
        assert_eq!(story.judged_by(&CodeRedeemedOnce), Ok(()));
    }

    #[test]
    fn rejects_a_second_success() {
        let story = first().op((9000, 9100), "thief", redeem("c1", "idp-b", true), Seen::Ok);
        let violation = story.judged_by(&CodeRedeemedOnce).unwrap_err();
        assert_eq!((violation.at_ms, violation.evidence.len()), (9100, 4));
    }

    #[test]
    fn rejects_two_at_once() {
        let story = first().op((101, 119), "ann", redeem("c1", "idp-b", true), Seen::Ok);
        assert!(story.judged_by(&CodeRedeemedOnce).is_err());
    }
}
