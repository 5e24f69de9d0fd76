//! A mailed code logs in the flow of one browser, at most once.
//!
//! Source: SP 800-63B-4 section 3.1.3.2 (an authentication secret is accepted once). Inventory 4, 10, 23.
//!
//! Edges. The same code typed again in the same flow is one person who clicks twice, and leads to the same session.
//! Codes have eight digits, so two mails to one address may carry the same code by chance: each mail may log in one flow.

use crate::{
    mailed_code,
    property::{invocations, reading::mails, violation},
    vocabulary::{Evidence, Kind, Login, Op, Property, Violation},
};
use std::collections::{BTreeMap, BTreeSet};

/// Property: a mailed code logs in at most one flow. See the module.
pub struct EmailCodeOnce;

impl Property<Login> for EmailCodeOnce {
    fn name(&self) -> String {
        "EmailCodeOnce".into()
    }
    fn kind(&self) -> Kind {
        Kind::Always
    }
    fn claim(&self) -> String {
        "a mailed code logs in at most one flow".into()
    }
    fn check(&self, evidence: &Evidence<'_>) -> Result<(), Violation> {
        let mut mailed: BTreeMap<_, usize> = BTreeMap::new();
        for (_, _, address, code) in mails(evidence.history) {
            *mailed.entry((address, code)).or_default() += 1;
        }
        let mut flows: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for invocation in invocations(evidence.history)
            .into_iter()
            .filter(|invocation| invocation.ok())
        {
            let Op::MailedCode(mailed_code::Op::VerifyCode { flow, address, code }) = invocation.op else {
                continue;
            };
            let used = flows.entry((address.as_str(), code)).or_default();
            used.insert(flow);
            let allowed = mailed.get(&(address.as_str(), code)).copied().unwrap_or(0).max(1);
            let by_chance = 1 < used.len() && used.len() <= allowed;
            let excuse = by_chance.then_some("two mails carry the same code by chance");
            if evidence.is_violated(used.len() > 1, excuse) {
                let what = format!("one code for {address} ({}) logged in {} flows", code.0, used.len());
                return Err(
                    violation(&self.name(), invocation.ended_ms(), invocation.records(), what)
                        .because("one-code-several-flows"),
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

    fn first() -> Story {
        Story::new()
            .event(50, "mail", mailed("ann", "k1"))
            .op((100, 120), "ann", verify("f1", "ann", "k1"), Seen::Ok)
    }

    #[test]
    fn accepts_a_double_click_and_a_refusal() {
        let story = first()
            .op((101, 121), "ann", verify("f1", "ann", "k1"), Seen::Ok)
            .op((130, 140), "eve", verify("f2", "ann", "k1"), fail("wrong-code"))
            .op((150, 160), "ben", verify("f3", "ben", "k1"), Seen::Ok);
        assert_eq!(story.judged_by(&EmailCodeOnce), Ok(()));
    }

    #[test]
    fn rejects_a_second_flow() {
        let story = first().op((130, 140), "eve", verify("f2", "ann", "k1"), Seen::Ok);
        assert!(story.judged_by(&EmailCodeOnce).is_err());
    }

    #[test]
    fn two_mails_with_one_code_may_log_in_two_flows() {
        let story =
            first()
                .event(60, "mail", mailed("ann", "k1"))
                .op((130, 140), "ann", verify("f2", "ann", "k1"), Seen::Ok);
        assert_eq!(story.judged_by(&EmailCodeOnce), Ok(()));
    }
}
