//! The rows of a story: one for each thing that somebody did or saw, or that changed.

use super::{
    change::{Change, ChangeKind},
    sentinel::{self, Hosts},
    words,
};
use crate::{
    history::{Event, Record, Seen},
    property::Violation,
    service::{Observation, Op, Service, Tone},
};

/// Rows alike in a row beyond which they are counted instead of shown.
const ALIKE_SHOWN_MAX: usize = 3;

/// A line of the log, to be shown among the rows.
#[derive(Debug, Clone, Copy)]
pub struct LogRow<'a> {
    /// Simulated time, milliseconds from the start of the run.
    pub at_ms: u64,
    /// On which host.
    pub host: &'a str,
    /// Level and text.
    pub text: &'a str,
}

/// One line of the story.
#[derive(Debug, Clone)]
pub(super) enum Row {
    /// Somebody did or saw something.
    Step {
        at_ms: u64,
        who: String,
        is_nested: bool,
        what: String,
        outcome: String,
        tone: Tone,
        is_evidence: bool,
        /// The filter under which it comes, if any: see [`filter`].
        kind: Option<String>,
        /// What makes it like another one; none for what is always shown.
        alike: Option<String>,
    },
    /// The world changed.
    Change {
        at_ms: u64,
        what: String,
        kind: ChangeKind,
        is_evidence: bool,
    },
    /// More of the same.
    More { count: usize, until_ms: u64 },
    /// A line of the log.
    Log { at_ms: u64, host: String, text: String },
    /// A claim that did not hold, at the moment when it became certain.
    Violated { at_ms: u64, what: String },
}

/// The filter of a page under which an event comes: the kind of an operation, that of an observation, `sentinel`.
pub(super) fn filter<S: Service>(event: &Event<S>) -> Option<String> {
    match event {
        Event::Began { op, .. } | Event::Ended { op, .. } => Some(op.kind()),
        Event::Own(observation) => observation.filter().map(str::to_owned),
        Event::Sentinel { .. } => Some("sentinel".to_owned()),
        _ => None,
    }
}

/// What an operation is at its end.
pub(super) fn ended<O: Op>(op: &O, seen: &Seen) -> String {
    match op.is_compound() {
        true => op.describe_end(seen),
        false => op.describe(),
    }
}

/// A record as a row of the table; nothing for changes, and for minor messages of Sentinels.
pub(super) fn step<S: Service>(record: &Record<S>, hosts: &Hosts, is_nested: bool, is_evidence: bool) -> Option<Row> {
    let (what, outcome, tone, alike) = match &record.event {
        Event::Began { op, .. } => (op.describe(), String::new(), Tone::Plain, None),
        Event::Ended { op, seen, took_ms, .. } => {
            let outcome = words::seen(seen);
            let alike = (!op.is_compound()).then(|| format!("{} {outcome}", op.kind()));
            let tone = match seen {
                Seen::Ok => Tone::Good,
                Seen::Fail(_) => Tone::Bad,
                Seen::Unknown(_) => Tone::Unsure,
            };
            let took = words::duration(*took_ms);
            (ended(op, seen), format!("{outcome}, {took}"), tone, alike)
        }
        Event::Own(own) => {
            let (tone, outcome) = own.outcome();
            let alike = own.is_alike().then(|| format!("{} {outcome}", own.name()));
            (own.describe(), outcome.to_owned(), tone, alike)
        }
        Event::Sentinel { says, .. } => (sentinel::meaning(says, hosts)?, String::new(), Tone::Plain, None),
        Event::Balancer { says } => (by_itself(says), String::new(), Tone::Plain, Some(says.clone())),
        Event::Fault { .. } | Event::Role { .. } | Event::Ready { .. } => return None,
    };
    Some(Row::Step {
        at_ms: record.at_ms,
        who: record.who.clone(),
        is_nested,
        what,
        outcome,
        tone,
        is_evidence,
        kind: filter(&record.event),
        alike,
    })
}

/// What a balancer does without its upstreams.
pub(super) fn by_itself(says: &str) -> String {
    format!("answers by itself: {says}")
}

/// A record that is evidence, in words.
pub(super) fn in_words<S: Service>(record: &Record<S>, hosts: &Hosts) -> String {
    match step(record, hosts, false, true).unwrap_or_else(|| as_recorded(record)) {
        Row::Step { who, what, .. } => format!("{who}: {what}"),
        _ => String::new(),
    }
}

pub(super) fn change<S: Service>(record: &Record<S>, Change { what, kind }: Change, is_evidence: bool) -> Row {
    Row::Change {
        at_ms: record.at_ms,
        what,
        kind,
        is_evidence,
    }
}

/// Evidence that has no words of its own is shown as it was recorded.
pub(super) fn as_recorded<S: Service>(record: &Record<S>) -> Row {
    Row::Step {
        at_ms: record.at_ms,
        who: record.who.clone(),
        is_nested: false,
        what: match &record.event {
            Event::Sentinel { says, .. } => says.clone(),
            other => format!("{other:?}"),
        },
        outcome: String::new(),
        tone: Tone::Plain,
        is_evidence: true,
        kind: None,
        alike: None,
    }
}

pub(super) fn violated(violation: &Violation) -> Row {
    Row::Violated {
        at_ms: violation.at_ms,
        what: format!("{} does not hold: {}", violation.property, violation.what),
    }
}

pub(super) fn logged(line: &LogRow<'_>) -> Row {
    Row::Log {
        at_ms: line.at_ms,
        host: line.host.to_owned(),
        text: line.text.to_owned(),
    }
}

/// Counts what is alike instead of showing it. Evidence is always shown.
pub(super) fn shorten(rows: Vec<Row>) -> Vec<Row> {
    let key = |row: &Row| match row {
        Row::Step {
            who,
            alike: Some(alike),
            is_evidence: false,
            ..
        } => Some((who.clone(), alike.clone())),
        _ => None,
    };
    let mut short = Vec::with_capacity(rows.len());
    for alike in rows.chunk_by(|a, b| key(a).is_some() && key(a) == key(b)) {
        if alike.len() <= ALIKE_SHOWN_MAX {
            short.extend_from_slice(alike);
            continue;
        }
        short.push(alike[0].clone());
        if let Some(Row::Step { at_ms, .. }) = alike.last() {
            short.push(Row::More {
                count: alike.len() - 1,
                until_ms: *at_ms,
            });
        }
    }
    short
}
