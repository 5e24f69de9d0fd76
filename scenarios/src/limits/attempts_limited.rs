//! Wrong codes are limited over both replicas together.
//!
//! Source: SP 800-63B-4 section 3.2.2 (rate limiting; at most 100 consecutive failures), inventory 18, 20, 24.
//!
//! Edges. An attempt counts if it is an admitted failure: the service looked at the code and said that it is wrong. The
//! same code typed twice in one flow is one attempt, because it tells the attacker nothing new (inventory 4). Windows
//! are fixed and begin with an attempt, so N attempts at the end of one window and N at the start of the next are
//! within the limit (inventory 24). Each state of Redis has counters of its own: a failover forgets counts that were
//! not replicated, and a node that starts empty forgets all (measured: a counter went back from 8 to 3).
//!
//! Consecutive failures are counted in the directory, which forgets nothing, and before the code is looked at; there the bound
//! is exact, also for attempts in flight together. A success resets the count. An attempt of unknown outcome may reset it
//! at any later time, but only if its code was mailed; no other code can succeed.
//!
//! What the owner of an address tries in a browser that has logged in before is counted there, and not at the address. Each
//! login of theirs may have made one more browser known. So their own attempts are counted apart from those of others, with the
//! limit once for each of these browsers, and in a row only those of others are counted. The specification is exact about the
//! owner's as well.

use crate::{
    limits, mailed_code,
    property::{
        invocations,
        reading::{Invocation, mails},
        violation,
        windows::{admitted_max, redis_states},
    },
    vocabulary::{Behaviour, Evidence, Kind, Login, Op, Plan, Property, Seen, Tag, Violation},
};
use std::collections::{BTreeMap, BTreeSet};

/// The error code with which the service refuses a wrong code.
pub(crate) const WRONG_CODE: &str = "wrong-code";

/// Property: wrong codes are limited per address and window, per flow, and in a row. See the module.
pub struct AttemptsLimited;

/// The failures of an address or a flow so far.
#[derive(Default)]
struct Count {
    first_ms: u64,
    codes: BTreeSet<(Tag, Tag)>,
    records: Vec<usize>,
}

impl Count {
    /// Counts a failure; returns the number of different codes so far.
    fn one_more(&mut self, invocation: &Invocation<'_>, flow: &Tag, code: &Tag) -> u64 {
        self.codes.insert((flow.clone(), code.clone()));
        self.records.extend(invocation.records());
        self.codes.len() as u64
    }
}

/// The attempts at one address, for counting failures in a row.
#[derive(Default)]
struct Row {
    /// Begin and answer of each attempt that succeeded or may have succeeded, milliseconds.
    successes_ms: Vec<(u64, u64)>,
    /// Begin of each failure of others than the owner, milliseconds.
    failures_ms: Vec<u64>,
}

impl Row {
    /// The number of failures in a row that were looked at before an attempt with this answer.
    fn before(&self, ended_ms: u64) -> u64 {
        let successes = self.successes_ms.iter().filter(|(began, _)| *began <= ended_ms);
        let forgotten_ms = successes.map(|(_, answered)| *answered).max();
        let is_counted = |began: &&u64| forgotten_ms.is_none_or(|forgotten| forgotten < **began);
        self.failures_ms.iter().filter(is_counted).count() as u64
    }
}

/// As whom somebody is known in their browser: as themselves, unless it is somebody else's.
fn known_as<'a>(plan: &'a Plan, who: &'a str) -> &'a str {
    let mut known = plan.operations.iter().filter_map(|operation| match &operation.does {
        Behaviour::Limits(limits::Behaviour::Guess {
            known_as: Some(known_as),
            ..
        }) if operation.who == who => Some(known_as.as_str()),
        _ => None,
    });
    known.next().unwrap_or(who)
}

/// The excuse of a number of attempts that only a new state of Redis explains.
fn new_state(admitted: u64, first_state: u64, most: u64) -> Option<&'static str> {
    (first_state < admitted && admitted <= most).then_some("a new state of Redis has counters of its own")
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
        let limits = crate::property::limits();
        let states = redis_states(evidence);
        let only_first = states.only_first();
        let window_ms = evidence.plan.world.limit_window_s * 1000;
        let mut attempts: Vec<(&Invocation<'_>, &Tag, &str, &Tag)> = vec![];
        let invocations = invocations(evidence.history);
        for invocation in &invocations {
            if let Op::MailedCode(mailed_code::Op::VerifyCode { flow, address, code }) = invocation.op {
                attempts.push((invocation, flow, address, code));
            }
        }
        let (mut addresses, mut flows) = (BTreeMap::new(), BTreeMap::new());
        let mut rows: BTreeMap<&str, Row> = BTreeMap::new();
        let mailed: BTreeSet<_> = mails(evidence.history)
            .map(|(_, _, address, code)| (address, code))
            .collect();
        for (invocation, flow, address, code) in &attempts {
            let fresh = || Count {
                first_ms: invocation.began_ms,
                ..Count::default()
            };
            // Whoever tries first begins the window, for both.
            for is_owner in [false, true] {
                addresses.entry((*address, is_owner)).or_insert_with(fresh);
            }
            flows.entry(*flow).or_insert_with(fresh);
            let row = rows.entry(*address).or_default();
            match invocation.end.map(|end| end.seen) {
                Some(Seen::Fail(_)) => {}
                Some(Seen::Ok) => row.successes_ms.push((invocation.began_ms, invocation.ended_ms())),
                Some(Seen::Unknown(_)) | None if mailed.contains(&(*address, *code)) => {
                    row.successes_ms.push((invocation.began_ms, u64::MAX));
                }
                Some(Seen::Unknown(_)) | None => {}
            }
        }
        attempts.sort_by_key(|(invocation, ..)| invocation.ended_ms());
        for (invocation, flow, address, code) in attempts {
            if invocation.failure() != Some(WRONG_CODE) {
                continue;
            }
            let now_ms = invocation.ended_ms();
            let exceeded = |count: &Count, of: &str, most: u64, reason: &str| {
                let admitted = count.codes.len();
                let what = format!("{admitted} wrong codes were looked at for {of}; at most {most} are admitted");
                Err(violation(&self.name(), now_ms, count.records.clone(), what).because(reason))
            };
            let who = known_as(evidence.plan, invocation.who);
            let is_owner = format!("{who}@example.com") == *address;
            let row = rows.get_mut(address).expect("entered above");
            // Browsers that may be known, and those that are not, together.
            let logins = row.successes_ms.iter().filter(|(began, _)| *began <= now_ms).count() as u64;
            let browsers = if is_owner { 1 + logins } else { 1 };
            let by_address = addresses.get_mut(&(address, is_owner)).expect("entered above");
            let admitted = by_address.one_more(invocation, flow, code);
            let first_ms = by_address.first_ms;
            let limit = limits.login_attempts * browsers;
            let most = admitted_max(limit, window_ms, &states, first_ms, now_ms);
            let first_state = admitted_max(limit, window_ms, &only_first, first_ms, now_ms);
            if evidence.is_violated(admitted > first_state, new_state(admitted, first_state, most)) {
                return exceeded(by_address, address, most, "too-many-at-an-address");
            }
            let by_flow = flows.get_mut(flow).expect("entered above");
            let admitted = by_flow.one_more(invocation, flow, code);
            let first_ms = by_flow.first_ms;
            let most = admitted_max(limits.verify_attempts, u64::MAX, &states, first_ms, now_ms);
            let first_state = admitted_max(limits.verify_attempts, u64::MAX, &only_first, first_ms, now_ms);
            if evidence.is_violated(admitted > first_state, new_state(admitted, first_state, most)) {
                return exceeded(by_flow, &format!("the flow {}", flow.0), most, "too-many-in-a-flow");
            }
            if is_owner {
                continue;
            }
            let row = rows.get_mut(address).expect("entered above");
            let before = row.before(now_ms);
            if evidence.is_violated(before >= limits.consecutive_failures, None) {
                let what = format!("a code was looked at for {address} after {before} wrong codes in a row");
                return Err(violation(&self.name(), now_ms, invocation.records(), what).because("too-many-in-a-row"));
            }
            row.failures_ms.push(invocation.began_ms);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::property::testing::*;

    /// Wrong codes, one a second from `from_s` on, five to a flow.
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

    /// A hundred wrong codes, ten in a window: the largest number in a row that the service may look at.
    fn a_hundred_in_a_row() -> Story {
        (0..10).fold(Story::new(), |story, round| guesses(story, round * 61, 10))
    }

    /// A code that is typed after them, from one time to another.
    fn then(story: Story, at_ms: (u64, u64), code: &str, seen: Seen) -> Story {
        story.op(at_ms, "eve", verify(&format!("f{code}"), "ann", code), seen)
    }

    #[test]
    fn a_known_browser_of_the_owner_counts_by_itself() {
        let own = |count: u64, logged_in: bool| {
            let mut story = guesses(Story::new(), 20, 10);
            if logged_in {
                story = story.op((100, 150), "ann", verify("f", "ann", "right"), Seen::Ok);
            }
            for n in 0..count {
                let guess = verify(&format!("own{}", n / 5), "ann", &format!("own{n}"));
                story = story.op((21_000 + n * 10, 21_005 + n * 10), "ann", guess, fail(WRONG_CODE));
            }
            story.judged_by(&AttemptsLimited)
        };
        assert_eq!((own(10, false), own(20, true)), (Ok(()), Ok(())));
        assert!(own(11, false).is_err() && own(21, true).is_err());
    }

    #[test]
    fn whoever_guesses_at_a_device_of_the_owner_counts_as_the_owner() {
        let at_device_of = |whose: &str| {
            let mut story = guesses(Story::new(), 20, 10);
            for n in 0..10 {
                let guess = verify(&format!("own{}", n / 5), "ann", &format!("own{n}"));
                story = story.op((31_000 + n * 10, 31_005 + n * 10), "nephew", guess, fail(WRONG_CODE));
            }
            story.operations.push(crate::vocabulary::Operation {
                at_ms: 0,
                who: "nephew".into(),
                does: Behaviour::Limits(limits::Behaviour::Guess {
                    victim: "ann".into(),
                    guesses: 10,
                    every_ms: 10,
                    in_one_place: true,
                    known_as: Some(whose.into()),
                }),
            });
            story.judged_by(&AttemptsLimited)
        };
        assert_eq!(at_device_of("ann"), Ok(()));
        assert!(at_device_of("nephew").is_err(), "in a browser of their own");
    }

    const AFTER_MS: (u64, u64) = (620_000, 620_050);

    #[test]
    fn accepts_a_hundred_in_a_row_and_the_lock() {
        let story = then(a_hundred_in_a_row(), AFTER_MS, "k", fail("locked"));
        assert_eq!(story.judged_by(&AttemptsLimited), Ok(()));
    }

    #[test]
    fn rejects_one_too_many_in_a_row() {
        let story = then(a_hundred_in_a_row(), AFTER_MS, "k", fail(WRONG_CODE));
        assert_eq!(story.judged_by(&AttemptsLimited).unwrap_err().at_ms, AFTER_MS.1);
    }

    #[test]
    fn rejects_one_that_was_under_way_with_the_hundredth() {
        let last_ms = (9 * 61 + 9) * 1000;
        let story = then(
            a_hundred_in_a_row(),
            (last_ms + 50, last_ms + 90),
            "k",
            fail(WRONG_CODE),
        );
        // The new master begins another window, so only the number of failures in a row can be too large.
        let story = story.event(last_ms - 10, "redis-2", master("redis-2"));
        assert_eq!(
            story.judged_by(&AttemptsLimited).unwrap_err().reason,
            "too-many-in-a-row"
        );
    }

    #[test]
    fn a_success_begins_another_row_but_a_failure_elsewhere_or_a_wrong_code_in_doubt_does_not() {
        let between_ms = (30_000, 30_050);
        let ended_by = |code: &str, seen: Seen| then(a_hundred_in_a_row(), between_ms, code, seen);
        let judged = |story: Story| then(story, AFTER_MS, "k", fail(WRONG_CODE)).judged_by(&AttemptsLimited);
        assert_eq!(judged(ended_by("right", Seen::Ok)), Ok(()));
        let mailed_to = |story: Story, who: &str| story.event(25_000, "mail", mailed(who, "right"));
        assert_eq!(judged(mailed_to(ended_by("right", unknown()), "ann")), Ok(()));
        assert!(judged(mailed_to(ended_by("right", unknown()), "bob")).is_err());
        assert!(judged(ended_by("never-mailed", unknown())).is_err());
    }

    #[test]
    fn a_failure_under_way_with_a_success_may_be_forgotten_with_it() {
        let story = |failed_ms: (u64, u64)| {
            let story = then(Story::new(), (500, 600), "right", Seen::Ok);
            let story = then(story, failed_ms, "slow", fail(WRONG_CODE));
            let story = (0..10).fold(story, |story, round| guesses(story, 100 + round * 61, 10));
            story.judged_by(&AttemptsLimited)
        };
        assert_eq!(story((550, 700)), Ok(()));
        assert!(story((650, 700)).is_err());
    }
}
