//! Histories that are accepted, and one that is rejected for each reason.

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

#[test]
fn an_operator_who_unlocks_the_address_begins_another_row_and_nobody_else_does() {
    let between_ms = (30_000, 30_000);
    let judged = |op: limits::Op, seen: Seen| {
        let story = a_hundred_in_a_row().op(between_ms, "operator", Op::Limits(op), seen);
        then(story, AFTER_MS, "k", fail(WRONG_CODE)).judged_by(&AttemptsLimited)
    };
    let unlock = |who: &str| limits::Op::Unlock {
        address: format!("{who}@example.com"),
    };
    let look = limits::Op::ShowFailures {
        address: "ann@example.com".into(),
    };
    assert_eq!(judged(unlock("ann"), Seen::Ok), Ok(()));
    assert_eq!(judged(unlock("ann"), unknown()), Ok(()), "perhaps it was done");
    assert!(
        judged(unlock("ann"), fail("the directory is locked")).is_err(),
        "not done"
    );
    assert!(judged(unlock("bob"), Seen::Ok).is_err(), "another address");
    assert!(judged(look, Seen::Ok).is_err(), "only a look");
}

#[test]
fn an_unlock_forgets_what_was_before_it_and_makes_no_browser_known() {
    let unlocked = |story: Story, at_ms: u64| {
        let address = "ann@example.com".into();
        story.op(
            (at_ms, at_ms),
            "operator",
            Op::Limits(limits::Op::Unlock { address }),
            Seen::Ok,
        )
    };
    let row = |unlocked_ms: u64| {
        let story = then(
            unlocked(Story::new(), unlocked_ms),
            (500, 600),
            "slow",
            fail(WRONG_CODE),
        );
        (0..10).fold(story, |story, round| guesses(story, 100 + round * 61, 10))
    };
    assert_eq!(
        row(550).judged_by(&AttemptsLimited),
        Ok(()),
        "it may have been counted before"
    );
    assert!(row(499).judged_by(&AttemptsLimited).is_err());
    let mut own = unlocked(Story::new(), 100);
    for n in 0..11 {
        let guess = verify(&format!("own{}", n / 5), "ann", &format!("own{n}"));
        own = own.op((21_000 + n * 10, 21_005 + n * 10), "ann", guess, fail(WRONG_CODE));
    }
    assert!(own.judged_by(&AttemptsLimited).is_err());
}
