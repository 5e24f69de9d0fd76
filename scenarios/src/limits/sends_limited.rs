//! Nobody's inbox is flooded: mails with codes are limited per address and window, over both replicas together.
//!
//! Source: inventory 20, 24.
//!
//! Edges. As for `AttemptsLimited`: windows are fixed, and each state of Redis has counters of its own. A mail is
//! judged when the relay accepts it, which is never before it was counted. A browser in which the owner of the address has
//! logged in before has mails of its own, and each login may have made one more browser known. The relay may accept a mail twice, when its
//! first reply is lost on the way back: equal codes count once.

use crate::{
    mailed_code,
    property::{
        calm::first_of,
        invocations, limits,
        reading::mails,
        violation,
        windows::{admitted_max, redis_states},
    },
    vocabulary::{Evidence, Kind, Login, Op, Property, Violation},
};
use std::collections::{BTreeMap, BTreeSet};

/// Property: mails with codes are limited per address and window. See the module.
pub struct SendsLimited;

impl Property<Login> for SendsLimited {
    fn name(&self) -> String {
        "SendsLimited".into()
    }
    fn kind(&self) -> Kind {
        Kind::Always
    }
    fn claim(&self) -> String {
        "mails with codes are limited per address and window, over both replicas".into()
    }
    fn check(&self, evidence: &Evidence<'_>) -> Result<(), Violation> {
        let states = redis_states(evidence);
        let window_ms = evidence.plan.world.limit_window_s * 1000;
        let mut first_ms: BTreeMap<&str, u64> = BTreeMap::new();
        let mut logins_ms: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
        for invocation in invocations(evidence.history) {
            if let Op::MailedCode(mailed_code::Op::VerifyCode { address, .. }) = invocation.op
                && invocation.failure().is_none()
            {
                logins_ms.entry(address).or_default().push(invocation.began_ms);
            }
            if let Op::MailedCode(mailed_code::Op::SendCode { address, .. }) = invocation.op {
                first_ms.entry(address).or_insert(invocation.began_ms);
            }
        }
        let mut seen: BTreeMap<&str, (BTreeSet<_>, Vec<usize>)> = BTreeMap::new();
        for (at_ms, index, address, code) in mails(evidence.history) {
            let (codes, records) = seen.entry(address).or_default();
            let new = codes.insert(code);
            records.push(index);
            let first_ms = first_ms.get(address).copied().unwrap_or(at_ms).min(at_ms);
            let logins = logins_ms.get(address).into_iter().flatten();
            let browsers = 1 + logins.filter(|began_ms| **began_ms <= at_ms).count() as u64;
            let limit = limits().sends * browsers;
            let most = admitted_max(limit, window_ms, &states, first_ms, at_ms);
            let first_state = admitted_max(limit, window_ms, &states.only_first(), first_ms, at_ms);
            let excuse = first_of([
                (!new, "a mail that the relay accepted twice"),
                (
                    (first_state + 1..=most).contains(&(codes.len() as u64)),
                    "a new state of Redis has counters of its own",
                ),
            ]);
            if evidence.is_violated(codes.len() as u64 > first_state, excuse) {
                let what = format!(
                    "{} codes were mailed to {address}; at most {most} are admitted",
                    codes.len()
                );
                return Err(violation(&self.name(), at_ms, records.clone(), what).because("too-many-codes"));
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

    fn flood(mut story: Story, from_s: u64, count: u64) -> Story {
        for n in 0..count {
            let at = (from_s + n) * 1000;
            let flow = format!("f{at}");
            story = story.op((at, at + 20), "eve", send(&flow, "ann"), Seen::Ok).event(
                at + 30,
                "mail",
                mailed("ann", &format!("k{at}")),
            );
        }
        story
    }

    #[test]
    fn accepts_the_limit_twins_and_the_next_window() {
        let story = flood(flood(Story::new(), 0, 5), 61, 5).event(10_000, "mail", mailed("ann", "k0"));
        assert_eq!(story.judged_by(&SendsLimited), Ok(()));
    }

    #[test]
    fn accepts_what_a_failover_forgets() {
        let story = flood(Story::new().event(4500, "redis-2", master("redis-2")), 0, 10);
        assert_eq!(story.judged_by(&SendsLimited), Ok(()));
    }

    #[test]
    fn a_known_browser_has_mails_of_its_own() {
        let logged_in = || Story::new().op((0, 50), "ann", verify("f", "ann", "right"), Seen::Ok);
        assert_eq!(flood(logged_in(), 1, 10).judged_by(&SendsLimited), Ok(()));
        assert!(flood(logged_in(), 1, 11).judged_by(&SendsLimited).is_err());
    }

    #[test]
    fn rejects_one_too_many() {
        assert!(flood(Story::new(), 0, 6).judged_by(&SendsLimited).is_err());
    }
}
