//! The search compared with brute force: all orders of all subsets, on a separate sequential store that loses nothing.

use super::{super::*, HistoryBuilder, LONG_MS, count, put, release, renew};
use proptest::{prelude::*, sample::select, test_runner::FileFailurePersistence};

/// A second implementation of the store, without lifetimes.
fn perform(state: &mut Option<String>, call: &Call) -> Option<Answer> {
    Some(match call {
        Call::Put { value, .. } => {
            *state = Some(value.clone());
            Answer::Done
        }
        Call::PutIfAbsent { value, .. } => {
            let absent = state.is_none();
            state.get_or_insert(value.clone());
            Answer::Flag(absent)
        }
        Call::Get => Answer::Value(state.clone()),
        Call::Take => Answer::Value(state.take()),
        Call::Count { .. } => {
            let next = state.as_deref().unwrap_or("0").parse::<u64>().ok()? + 1;
            *state = Some(next.to_string());
            Answer::Counted(next)
        }
        Call::Renew { holder, .. } => Answer::Flag(state.as_ref() == Some(holder)),
        Call::Release { holder } => {
            let held = state.as_ref() == Some(holder);
            if held {
                *state = None;
            }
            Answer::Flag(held)
        }
    })
}

/// Whether the remaining operations have an order in which all answers are right.
fn explicable(left: &[&Operation], state: &Option<String>) -> bool {
    let answered = |o: &&Operation| matches!(o.ending, Ending::Answered { .. });
    if !left.iter().any(answered) {
        return true; // operations of unknown outcome have not happened
    }
    left.iter().enumerate().any(|(index, next)| {
        let too_late = left
            .iter()
            .any(|o| matches!(&o.ending, Ending::Answered { at, .. } if at.seq < next.began.seq));
        let mut after = state.clone();
        let right = match (perform(&mut after, &next.call), &next.ending) {
            (Some(got), Ending::Answered { answer, .. }) => got == *answer,
            (got, Ending::Unknown) => got.is_some(),
            _ => false,
        };
        let rest: Vec<_> = [&left[..index], &left[index + 1..]].concat();
        !too_late && right && explicable(&rest, &after)
    })
}

fn call() -> impl Strategy<Value = Call> {
    let value = select(vec!["x", "y", "7"]);
    prop_oneof![
        value.clone().prop_map(put),
        value.clone().prop_map(|value| super::claim(value, LONG_MS)),
        Just(Call::Get),
        Just(Call::Take),
        Just(count()),
        Just(count()),
        value.clone().prop_map(|value| renew(value, LONG_MS)),
        value.prop_map(release),
    ]
}

/// An answer of the right kind, right or wrong.
fn any_answer(call: &Call, dice: u8) -> Answer {
    match call {
        Call::Put { .. } => Answer::Done,
        Call::Get | Call::Take => {
            Answer::Value([None, Some("x"), Some("y"), Some("7"), Some("1")][dice as usize % 5].map(str::to_owned))
        }
        Call::Count { .. } => Answer::Counted([1, 2, 3, 8][dice as usize % 4]),
        _ => Answer::Flag(dice.is_multiple_of(2)),
    }
}

/// A few operations that overlap at random. A hidden store answers at random moments between call and answer, so that
/// many are right; some answers are then replaced, and some lost.
fn history() -> impl Strategy<Value = Vec<Operation>> {
    let operation = (call(), 0..20u64, 0..8u64, 0..8u64, any::<u8>());
    prop::collection::vec(operation, 1..7).prop_map(|drawn| {
        let mut order: Vec<_> = (0..drawn.len()).collect();
        order.sort_by_key(|index| drawn[*index].1 + drawn[*index].2);
        let mut state = None;
        let mut operations = vec![None; drawn.len()];
        for index in order {
            let (call, began, lag, rest, dice) = &drawn[index];
            let answer = match (dice, perform(&mut state, call)) {
                (0..40, _) | (_, None) => any_answer(call, *dice),
                (_, Some(answer)) => answer,
            };
            // unique, and in the order of the moments drawn
            let moment = |ms: u64, half: u64| When {
                seq: (ms * 2 + half) * 100 + index as u64,
                ms,
            };
            operations[index] = Some(Operation {
                client: index.to_string(),
                key: "k".into(),
                call: call.clone(),
                began: moment(*began, 0),
                ending: match dice {
                    200.. => Ending::Unknown,
                    _ => Ending::Answered {
                        at: moment(began + lag + rest, 1),
                        answer,
                    },
                },
            });
        }
        operations.into_iter().flatten().collect()
    })
}

fn config(file: &'static str) -> ProptestConfig {
    ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(file))),
        cases: 2000,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config("proptest-regressions/linear.txt"))]

    #[test]
    fn agrees_with_brute_force(operations in history()) {
        let operations: Vec<_> = operations.iter().collect();
        let verdict = check_key(&operations, &Limits::default());
        prop_assert_eq!(verdict == Verdict::Linearizable, explicable(&operations, &None), "{:?}", verdict);
        if let Verdict::Broken { unexplained, .. } = verdict {
            let mut rest = operations.clone();
            rest.retain(|o| !unexplained.iter().any(|index| std::ptr::eq(*o, operations[*index])));
            let again = check_key(&rest, &Limits::default());
            let still = matches!(again, Verdict::Broken { unexplained, .. } if !unexplained.is_empty());
            prop_assert!(!still, "setting aside what is unexplained does not explain the rest");
        }
    }

    /// A store that falls back to what it was some writes ago is always explained, and by no more than that.
    #[test]
    fn a_store_that_falls_back_is_explained(
        calls in prop::collection::vec((call(), 0..12usize), 1..30),
    ) {
        let (mut past, mut told, mut lost) = (vec![None], HistoryBuilder::default(), 0);
        for (call, back) in calls {
            // Sometimes it loses up to three writes.
            let back = back.saturating_sub(8).min(past.len() - 1);
            lost += back;
            past.truncate(past.len() - back);
            let mut state: Option<String> = past.last().unwrap().clone();
            let Some(answer) = perform(&mut state, &call) else { continue };
            // Every call that the checker counts as a write is a write here, even if the value stays the same.
            let wrote = !matches!(
                (&call, &answer),
                (Call::Get, _) | (_, Answer::Flag(false) | Answer::Value(None))
            );
            if wrote {
                past.push(state);
            }
            told = told.gets(call, answer);
        }
        match told.verdict() {
            Verdict::Linearizable => {}
            Verdict::Broken { undone, unexplained } => {
                prop_assert!(unexplained.is_empty(), "{:?}", unexplained);
                prop_assert!(undone.len() <= lost, "{:?} of {}", undone, lost);
            }
            Verdict::TooLarge => prop_assert!(false, "given up"),
        }
    }
}
