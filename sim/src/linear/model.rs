//! The store that does one thing at a time: one key of it.
//!
//! Nobody outside knows the very moment of an operation, so nobody knows the very moment at which a value expires
//! either. An entry therefore has an earliest and a latest moment of expiry; before the first it is there, after the
//! second it is gone, and in between it may be either, until somebody's answer tells. That accepts a little more than
//! an exact clock would, and never convicts a store that is right.

use super::{Answer, Call, Ending, Operation};

/// What a key holds.
pub(super) type State = Option<Entry>;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    pub(super) value: String,
    /// It is there at least until then, milliseconds.
    pub(super) earliest_ms: u64,
    /// It is gone after that, milliseconds.
    pub(super) latest_ms: u64,
}

/// What an operation makes of a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Effect {
    /// Nothing, or no more than finding out that the value had expired.
    Found(State),
    /// It wrote or deleted.
    Wrote(State),
}

/// All that an operation can have done to a state, given its answer; none if its answer does not fit the state.
/// It has happened by `ended_ms`; `slack_ms` is by how much the clocks that decide about expiry may be off.
pub(super) fn effects(state: &State, operation: &Operation, ended_ms: u64, slack_ms: u64) -> Vec<Effect> {
    let began_ms = operation.began.ms;
    let answer = match &operation.ending {
        Ending::Answered { answer, .. } => Some(answer),
        Ending::Unknown => None,
        Ending::NotDone => return vec![],
    };
    let there = state
        .as_ref()
        .filter(|entry| began_ms <= entry.latest_ms.saturating_add(slack_ms));
    let gone = match state {
        None => true,
        Some(entry) => ended_ms.saturating_add(slack_ms) > entry.earliest_ms,
    };
    let fresh = |value: &str, ttl_ms: u64| {
        let ttl_ms = ttl_ms.max(1); // as stores have it
        Some(Entry {
            value: value.to_owned(),
            earliest_ms: began_ms.saturating_add(ttl_ms),
            latest_ms: ended_ms.saturating_add(ttl_ms),
        })
    };
    let says = |expected: Answer| answer.is_none_or(|answer| *answer == expected);
    let mut effects = vec![];
    let mut may = |possible: bool, effect: Effect| {
        if possible {
            effects.push(effect);
        }
    };
    match &operation.call {
        Call::Put { value, ttl_ms } => may(says(Answer::Done), Effect::Wrote(fresh(value, *ttl_ms))),
        Call::PutIfAbsent { value, ttl_ms } => {
            may(gone && says(Answer::Flag(true)), Effect::Wrote(fresh(value, *ttl_ms)));
            may(
                there.is_some() && says(Answer::Flag(false)),
                Effect::Found(state.clone()),
            );
        }
        Call::Get | Call::Take => {
            if let Some(entry) = there {
                let right = says(Answer::Value(Some(entry.value.clone())));
                match operation.call {
                    Call::Take => may(right, Effect::Wrote(None)),
                    _ => may(right, Effect::Found(state.clone())),
                }
            }
            may(gone && says(Answer::Value(None)), Effect::Found(None));
        }
        Call::Count { window_ms } => {
            if let Some(entry) = there
                && let Some(next) = entry.value.parse::<u64>().ok().and_then(|count| count.checked_add(1))
            {
                let counted = Entry {
                    value: next.to_string(),
                    ..entry.clone()
                };
                may(says(Answer::Counted(next)), Effect::Wrote(Some(counted)));
            }
            may(gone && says(Answer::Counted(1)), Effect::Wrote(fresh("1", *window_ms)));
        }
        Call::Renew { holder, .. } | Call::Release { holder } => {
            let held = there.is_some_and(|entry| entry.value == *holder);
            let after = match &operation.call {
                Call::Renew { ttl_ms, .. } => fresh(holder, *ttl_ms),
                _ => None,
            };
            may(held && says(Answer::Flag(true)), Effect::Wrote(after));
            let other = there.is_some() && !held;
            may(other && says(Answer::Flag(false)), Effect::Found(state.clone()));
            may(gone && says(Answer::Flag(false)), Effect::Found(None));
        }
    }
    effects
}
