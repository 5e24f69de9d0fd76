//! What operators are told of failures in a row, and what it changes that they unlock an address.

use super::told;
use crate::{
    exchange::{facts, refusals::refusals, troubles},
    limits::{self, Op},
    vocabulary::{Event, History, Observation, Op as AnyOp, Operators, Plan, Seen},
};
use spec::{Spec, Touches, Trouble};

const STORY: &str = "unlocked_by_operators";
const ULLA: &str = "ulla@example.com";

/// The reasons for which a history is rejected, if the directory fails from one time to another besides.
fn reasons(told: &(Plan, History, Operators), history: &History, fails_ms: Option<(u64, u64)>) -> Vec<String> {
    let (plan, _, operators) = told;
    let mut troubles = troubles(plan, history);
    troubles.spans.extend(fails_ms.map(|(from_ms, until_ms)| Trouble {
        from_ms,
        until_ms,
        touches: Touches {
            directory: true,
            ..Touches::default()
        },
    }));
    let report = Spec::new(&facts::world(plan), &troubles).judge(&facts::facts(history, &refusals(operators), 0));
    report
        .violations
        .into_iter()
        .map(|violation| violation.reason)
        .collect()
}

/// The history in which the first number that an operator is shown for an address, and that fits, is another one.
fn shown(history: &History, whose: &str, fits: impl Fn(u64) -> bool, change: impl Fn(&mut u64, &mut bool)) -> History {
    let mut history = history.clone();
    let shown = history.records.iter_mut().find_map(|record| match &mut record.event {
        Event::Own(Observation::Limits(limits::Observation::FailuresShown {
            address,
            wrong_codes,
            locked,
        })) if address == whose && fits(*wrong_codes) => Some((wrong_codes, locked)),
        _ => None,
    });
    let (wrong_codes, locked) = shown.expect("it is shown");
    change(wrong_codes, locked);
    history
}

/// The history in which Ulla's address was unlocked otherwise, and when that was.
fn unlocked(history: &History, change: impl Fn(&mut String, &mut Seen)) -> (History, u64) {
    let mut history = history.clone();
    let is_hers = |op: &AnyOp| matches!(op, AnyOp::Limits(Op::Unlock { address }) if address == ULLA);
    let mut unlocked_ms = 0;
    for record in &mut history.records {
        let mut told = Seen::Ok;
        let (op, seen) = match &mut record.event {
            Event::Began { op, .. } => (op, &mut told),
            Event::Ended { op, seen, .. } => (op, seen),
            _ => continue,
        };
        if is_hers(op)
            && let AnyOp::Limits(Op::Unlock { address }) = op
        {
            change(address, seen);
            unlocked_ms = record.at_ms;
        }
    }
    assert!(unlocked_ms > 0, "an operator unlocks it");
    (history, unlocked_ms)
}

#[test]
fn an_operator_is_told_how_many_there_are_and_whether_that_locks() {
    let told = told(STORY, 2);
    let rejected = |whose, fits: &dyn Fn(u64) -> bool, change: &dyn Fn(&mut u64, &mut bool)| {
        reasons(&told, &shown(&told.1, whose, fits, change), None)
    };
    assert_eq!(
        rejected(ULLA, &|n| n == 0, &|n, _| *n = 1),
        ["failures-differ"],
        "there was no attempt"
    );
    assert_eq!(rejected(ULLA, &|n| n == 100, &|n, _| *n = 99), ["failures-differ"]);
    assert_eq!(rejected(ULLA, &|n| n == 100, &|n, _| *n = 101), ["failures-differ"]);
    assert_eq!(
        rejected(ULLA, &|n| n == 100, &|_, locked| *locked = false),
        ["lock-differs"]
    );
    assert_eq!(
        rejected(ULLA, &|n| n < 100, &|_, locked| *locked = true),
        ["lock-differs"]
    );
    assert_eq!(
        rejected("victor@example.com", &|n| n == 100, &|n, locked| (*n, *locked) =
            (0, false)),
        ["failures-differ"],
        "only another address was unlocked"
    );
}

#[test]
fn an_unlock_changes_one_address_if_it_was_done() {
    let told = told(STORY, 1);
    let not_hers = |reasons: Vec<String>| reasons.iter().any(|reason| reason == "failures-differ");
    let (other, _) = unlocked(&told.1, |address, _| *address = "victor@example.com".into());
    assert!(not_hers(reasons(&told, &other, None)));

    let failed = |seen: Seen| unlocked(&told.1, move |_, told| *told = seen.clone());
    let (not_done, at_ms) = failed(Seen::Fail("the directory is locked".into()));
    assert!(
        reasons(&told, &not_done, None).contains(&"command-failed".to_owned()),
        "nothing was broken"
    );
    let broken = Some((at_ms, at_ms));
    let found = reasons(&told, &not_done, broken);
    assert!(
        !found.contains(&"command-failed".to_owned()) && not_hers(found),
        "it is not unlocked then"
    );
    let (in_doubt, _) = failed(Seen::Unknown("the disk did not answer".into()));
    assert_eq!(reasons(&told, &in_doubt, None), ["command-failed"]);
    assert_eq!(reasons(&told, &in_doubt, broken), [""; 0], "perhaps it was done");
    assert_eq!(reasons(&told, &told.1, broken), [""; 0], "it was done");
}

#[test]
fn nobody_is_found_where_somebody_is_and_the_other_way_round() {
    let told = told(STORY, 1);
    let nobody = || Seen::Fail(limits::NOBODY.into());
    let (history, _) = unlocked(&told.1, |_, seen| *seen = nobody());
    assert!(reasons(&told, &history, None).contains(&"nobody-found".to_owned()));
    let (history, _) = unlocked(&told.1, |address, _| *address = "nobody@example.com".into());
    assert!(reasons(&told, &history, None).contains(&"somebody-found".to_owned()));
    let (history, _) = unlocked(&told.1, |address, seen| {
        *address = "nobody@example.com".into();
        *seen = nobody();
    });
    let found = reasons(&told, &history, None);
    assert!(!found.contains(&"nobody-found".to_owned()) && !found.contains(&"somebody-found".to_owned()));
}
