//! The sequential store, for one key.
//!
//! The exact moment of an operation cannot be observed, so the exact moment at which a value expires is not known either. An
//! entry therefore has an earliest and a latest moment of expiry: before the first it is there, after the second it is gone,
//! and in between it may be either, until an answer decides. This accepts slightly more than an exact clock would, and never
//! rejects a correct store.

use super::{Answer, Call, Ending, Operation};

/// The entry of a key.
pub(super) type State<'a> = Option<Entry<'a>>;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Entry<'a> {
    pub(super) value: Value<'a>,
    /// It is there at least until then, milliseconds.
    pub(super) earliest_ms: u64,
    /// It is gone after that, milliseconds.
    pub(super) latest_ms: u64,
}

/// A value as it was written, or the value of a counter. Equal values are equal, however they were made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Value<'a> {
    Text(&'a str),
    Number(u64),
}

impl<'a> Value<'a> {
    fn of(text: &'a str) -> Value<'a> {
        let is_plain = text == "0" || (text.starts_with(|c| matches!(c, '1'..='9')));
        match text.parse() {
            Ok(number) if is_plain => Value::Number(number),
            _ => Value::Text(text),
        }
    }

    /// The next number, if it is a number.
    fn next(self) -> Option<u64> {
        let number = match self {
            Value::Text(text) => text.parse().ok()?,
            Value::Number(number) => number,
        };
        number.checked_add(1)
    }
}

/// The effect of an operation on a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect<'a> {
    /// No change, except possibly the knowledge that the value had expired.
    Found(State<'a>),
    /// It wrote or deleted.
    Wrote(State<'a>),
}

/// The possible effects of an operation, at most two: that on a value that is there, and that on an absent value.
pub(super) type Effects<'a> = [Option<Effect<'a>>; 2];

/// All possible effects of an operation on a state, given its answer; none if its answer does not fit the state. The
/// operation has happened by `ended_ms`. `slack_ms` is by how much the clocks that decide about expiry may be wrong.
pub(super) fn effects<'a>(state: State<'a>, operation: &'a Operation, ended_ms: u64, slack_ms: u64) -> Effects<'a> {
    let began_ms = operation.began.ms;
    let answer = match &operation.ending {
        Ending::Answered { answer, .. } => Some(answer),
        Ending::Unknown => None,
        Ending::NotDone => return [None, None],
    };
    let there = state.filter(|entry| began_ms <= entry.latest_ms.saturating_add(slack_ms));
    let gone = state.is_none_or(|entry| ended_ms.saturating_add(slack_ms) > entry.earliest_ms);
    let fresh = |value: Value<'a>, ttl_ms: u64| {
        let ttl_ms = ttl_ms.max(1); // as in Redis
        Some(Entry {
            value,
            earliest_ms: began_ms.saturating_add(ttl_ms),
            latest_ms: ended_ms.saturating_add(ttl_ms),
        })
    };
    let says = |expected: Answer| answer.is_none_or(|answer| *answer == expected);
    let tells = |expected: Option<Value<'_>>| match answer {
        Some(Answer::Value(told)) => told.as_deref().map(Value::of) == expected,
        told => told.is_none(),
    };
    let may = |possible: bool, effect: Effect<'a>| possible.then_some(effect);
    match &operation.call {
        Call::Put { value, ttl_ms } => {
            let put = Effect::Wrote(fresh(Value::of(value), *ttl_ms));
            [may(says(Answer::Done), put), None]
        }
        Call::PutIfAbsent { value, ttl_ms } => [
            may(
                gone && says(Answer::Flag(true)),
                Effect::Wrote(fresh(Value::of(value), *ttl_ms)),
            ),
            may(there.is_some() && says(Answer::Flag(false)), Effect::Found(state)),
        ],
        Call::Get | Call::Take => {
            let found = match operation.call {
                Call::Take => Effect::Wrote(None),
                _ => Effect::Found(state),
            };
            let right = there.is_some_and(|entry| tells(Some(entry.value)));
            [may(right, found), may(gone && tells(None), Effect::Found(None))]
        }
        Call::Count { window_ms } => {
            let counted = there.and_then(|entry| {
                let next = entry.value.next()?;
                let value = Value::Number(next);
                may(
                    says(Answer::Counted(next)),
                    Effect::Wrote(Some(Entry { value, ..entry })),
                )
            });
            let first = Effect::Wrote(fresh(Value::Number(1), *window_ms));
            [counted, may(gone && says(Answer::Counted(1)), first)]
        }
        Call::Renew { holder, .. } | Call::Release { holder } => {
            let held = there.is_some_and(|entry| entry.value == Value::of(holder));
            let after = match &operation.call {
                Call::Renew { ttl_ms, .. } => fresh(Value::of(holder), *ttl_ms),
                _ => None,
            };
            let to_it = match held {
                true => may(says(Answer::Flag(true)), Effect::Wrote(after)),
                false => may(there.is_some() && says(Answer::Flag(false)), Effect::Found(state)),
            };
            [to_it, may(gone && says(Answer::Flag(false)), Effect::Found(None))]
        }
    }
}
