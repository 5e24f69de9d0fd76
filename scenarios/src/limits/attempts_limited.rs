//! Wrong codes are refused after so many, over both replicas.
//!
//! Source: SP 800-63B-4 section 3.2.2 (rate limiting; at most 100 consecutive failures), inventory
//! 18, 20, 24.
//!
//! Edges. What counts is an admitted failure: the service looked at the code and said that it is
//! wrong. The same code typed twice in one flow is one attempt, and teaches nothing (inventory 4). The windows are fixed ones that begin with an attempt, so that a run of N at the end of
//! one and N at the start of the next is within the limit (inventory 24). Each state of Redis has
//! counters of its own: a failover forgets what was not replicated, and a node that starts empty
//! forgets all (measured: the limit moved back from 8 to 3). Consecutive failures are counted in the
//! directory, which forgets nothing; there the bound is exact but for attempts in flight together,
//! and an attempt in doubt may have been a success.

use crate::{
    mailed_code,
    property::{
        invocations, limits,
        reading::{Invocation, admitted_max, redis_states},
        violation,
    },
    vocabulary::{Evidence, Kind, Login, Op, Property, Seen, Tag, Violation},
};
use std::collections::{BTreeMap, BTreeSet};

/// What the service says of a wrong code.
pub(crate) const WRONG_CODE: &str = "wrong-code";

/// See the module.
pub struct AttemptsLimited;

/// Failures so far, of an address or a flow.
#[derive(Default)]
struct Count {
    first_ms: u64,
    codes: BTreeSet<(Tag, Tag)>,
    records: Vec<usize>,
}

impl Count {
    /// Counts a failure; says how many different codes that makes.
    fn one_more(&mut self, invocation: &Invocation<'_>, flow: &Tag, code: &Tag) -> u64 {
        self.codes.insert((flow.clone(), code.clone()));
        self.records.extend(invocation.records());
        self.codes.len() as u64
    }
}

impl Property<Login> for AttemptsLimited {
    fn name(&self) -> String {
        "AttemptsLimited".into()
    }
    fn kind(&self) -> Kind {
        Kind::Always
    }
    fn claim(&self) -> String {
        "wrong codes are limited per address and window, per flow, and in a row, over both replicas".into()
    }
    fn check(&self, evidence: &Evidence<'_>) -> Result<(), Violation> {
        let limits = limits();
        let states = redis_states(evidence);
        let window_ms = evidence.plan.world.limit_window_s * 1000;
        let mut attempts: Vec<(&Invocation<'_>, &Tag, &str, &Tag)> = vec![];
        let invocations = invocations(evidence.history);
        for invocation in &invocations {
            if let Op::MailedCode(mailed_code::Op::VerifyCode { flow, address, code }) = invocation.op {
                attempts.push((invocation, flow, address, code));
            }
        }
        let (mut addresses, mut flows, mut rows) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for (invocation, flow, address, _) in &attempts {
            let fresh = || Count {
                first_ms: invocation.began_ms,
                ..Count::default()
            };
            addresses.entry(*address).or_insert_with(fresh);
            flows.entry(*flow).or_insert_with(fresh);
        }
        attempts.sort_by_key(|(invocation, ..)| invocation.ended_ms());
        for (invocation, flow, address, code) in attempts.iter().filter(|(invocation, ..)| invocation.end.is_some()) {
            let row = rows.entry(*address).or_insert(0);
            if invocation
                .end
                .is_some_and(|end| matches!(end.seen, Seen::Ok | Seen::Unknown(_)))
            {
                *row = 0;
            }
            if invocation.failure() != Some(WRONG_CODE) {
                continue;
            }
            let now_ms = invocation.ended_ms();
            let exceeded = |count: &Count, of: &str, most: u64, reason: &str| {
                let admitted = count.codes.len();
                let what = format!("{admitted} wrong codes were looked at for {of}; at most {most} are admitted");
                Err(violation(&self.name(), now_ms, count.records.clone(), what).because(reason))
            };
            let by_address = addresses.get_mut(*address).expect("entered above");
            let admitted = by_address.one_more(invocation, flow, code);
            let most = admitted_max(limits.login_attempts, window_ms, &states, by_address.first_ms, now_ms);
            if admitted > most {
                return exceeded(by_address, address, most, "too-many-at-an-address");
            }
            let by_flow = flows.get_mut(*flow).expect("entered above");
            let admitted = by_flow.one_more(invocation, flow, code);
            let most = admitted_max(limits.verify_attempts, u64::MAX, &states, by_flow.first_ms, now_ms);
            if admitted > most {
                return exceeded(by_flow, &format!("the flow {}", flow.0), most, "too-many-in-a-flow");
            }
            *row += 1;
            let meanwhile = |other: &&(&Invocation<'_>, _, _, _)| {
                other.0.began_ms <= now_ms && other.0.ended_ms() >= invocation.began_ms
            };
            let together = attempts.iter().filter(meanwhile).count() as u64;
            if *row > limits.consecutive_failures + together {
                let what = format!("{row} wrong codes in a row were looked at for {address}");
                return Err(violation(&self.name(), now_ms, invocation.records(), what).because("too-many-in-a-row"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::property::testing::*;

    /// So many wrong codes, one a second from a time on, five to a flow.
    fn guesses(mut story: Story, from_s: u64, count: u64) -> Story {
        for n in 0..count {
            let at = (from_s + n) * 1000;
            let flow = format!("f{from_s}-{}", n / 5);
            story = story.op(
                (at, at + 50),
                "eve",
                verify(&flow, "ann", &format!("k{at}")),
                fail(WRONG_CODE),
            );
        }
        story
    }

    #[test]
    fn accepts_the_same_code_typed_again() {
        let mut story = guesses(Story::new(), 0, 10);
        for n in 0..5 {
            let twin = verify("f0-0", "ann", "k0");
            story = story.op((11_000 + n, 11_100 + n), "eve", twin, fail(WRONG_CODE));
        }
        assert_eq!(story.judged_by(&AttemptsLimited), Ok(()));
    }

    #[test]
    fn accepts_the_limit_refusals_and_the_next_window() {
        let story = guesses(guesses(Story::new(), 0, 10), 61, 10);
        let story = story
            .op(
                (20_000, 20_010),
                "eve",
                verify("f9", "ann", "k"),
                fail("too-many-attempts"),
            )
            .op((21_000, 21_010), "eve", verify("f9", "ann", "k"), unknown());
        assert_eq!(story.judged_by(&AttemptsLimited), Ok(()));
    }

    #[test]
    fn accepts_what_a_failover_forgets() {
        let story = guesses(Story::new().event(9_500, "redis-2", master("redis-2")), 0, 20);
        assert_eq!(story.judged_by(&AttemptsLimited), Ok(()));
    }

    #[test]
    fn rejects_one_too_many_at_an_address() {
        let violation = guesses(Story::new(), 0, 11).judged_by(&AttemptsLimited).unwrap_err();
        assert_eq!(violation.at_ms, 10_050);
    }

    #[test]
    fn rejects_what_not_even_a_failover_explains() {
        let story = guesses(Story::new().event(9_500, "redis-2", master("redis-2")), 0, 21);
        assert!(story.judged_by(&AttemptsLimited).is_err());
    }

    #[test]
    fn rejects_one_too_many_in_a_flow() {
        let mut story = Story::new();
        for n in 0..6 {
            story = story.op(
                (n * 100, n * 100 + 9),
                "eve",
                verify("f1", "ann", &format!("k{n}")),
                fail(WRONG_CODE),
            );
        }
        assert!(story.judged_by(&AttemptsLimited).is_err());
    }

    #[test]
    fn rejects_too_many_in_a_row() {
        let mut story = Story::new();
        for round in 0..11 {
            story = guesses(story, round * 61, 10);
        }
        let violation = story.judged_by(&AttemptsLimited).unwrap_err();
        assert!(violation.what.contains("in a row"), "{violation}");
    }
}
