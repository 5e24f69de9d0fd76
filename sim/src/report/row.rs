//! The rows of a story: one for each operation, observation or change.

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

/// The largest number of similar rows in succession that are shown; more are counted.
const ALIKE_SHOWN_MAX: usize = 3;

/// A line of the log, shown among the rows.
#[derive(Debug, Clone, Copy)]
pub struct LogRow<'a> {
    /// Simulated time, milliseconds from the start of the run.
    pub at_ms: u64,
    /// The host that wrote it.
    pub host: &'a str,
    /// Level and text.
    pub text: &'a str,
}

/// A row of the story.
#[derive(Debug, Clone)]
pub(super) enum Row {
    /// An operation or an observation.
    Step {
        at_ms: u64,
        who: String,
        is_nested: bool,
        what: String,
        outcome: String,
        tone: Tone,
        is_evidence: bool,
        /// The filter to which it belongs, if any: see [`filter`].
        kind: Option<String>,
        /// Rows with the same value are similar; `None` for rows that are always shown.
        alike: Option<String>,
    },
    /// A change of the world.
    Change {
        at_ms: u64,
        what: String,
        kind: ChangeKind,
        is_evidence: bool,
    },
    /// The number of further similar rows.
    More { count: usize, until_ms: u64 },
    /// A line of the log.
    Log { at_ms: u64, host: String, text: String },
    /// A property that did not hold, at the time when the violation became certain.
    Violated { at_ms: u64, what: String },
}

/// The filter of a page to which an event belongs: the kind of an operation, the filter of an observation, or
/// `sentinel`.
pub(super) fn filter<S: Service>(event: &Event<S>) -> Option<String> {
    match event {
        Event::Began { op, .. } | Event::Ended { op, .. } => Some(op.kind()),
        Event::Own(observation) => observation.filter().map(str::to_owned),
        Event::Sentinel { .. } => Some("sentinel".to_owned()),
        _ => None,
    }
}

/// Describes an operation at its end.
pub(super) fn ended<O: Op>(op: &O, seen: &Seen) -> String {
    match op.is_compound() {
        true => op.describe_end(seen),
        false => op.describe(),
    }
}

/// The row of a record. Changes and minor messages of Sentinels have none.
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
        Event::Fault { .. } | Event::Role { .. } | Event::Ready { .. } | Event::Exit { .. } => return None,
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

/// Describes what a balancer answered without its upstreams.
pub(super) fn by_itself(says: &str) -> String {
    format!("answers by itself: {says}")
}

/// Describes a record that is evidence.
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

/// Evidence without a description, shown as it was recorded.
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

/// Counts similar rows instead of showing them. Evidence is always shown.
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
