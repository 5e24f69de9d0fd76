//! The rows of a story: one for each thing that somebody saw, did, or broke.

use super::words;
use crate::{
    history::{Event, Op, Record, Seen},
    property::Violation,
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

/// How a row came out: decides its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Good,
    Bad,
    Unsure,
    Plain,
}

/// One line of the story.
#[derive(Debug, Clone)]
pub(super) enum Row {
    /// Somebody did something.
    Step {
        at_ms: u64,
        who: String,
        nested: bool,
        what: String,
        outcome: String,
        tone: Tone,
        evidence: bool,
        /// What kind of operation it is, if it is one.
        kind: Option<&'static str>,
        /// What makes it like another one; none for what is always shown.
        alike: Option<String>,
    },
    /// The world changed.
    Rule {
        at_ms: u64,
        what: String,
        repairs: bool,
        /// Somebody took a role: neither trouble nor its end.
        turns: bool,
        evidence: bool,
    },
    /// More of the same.
    More { count: usize, until_ms: u64 },
    /// A line of the log.
    Log { at_ms: u64, host: String, text: String },
    /// A claim that did not hold, at the moment when it became certain.
    Broken { at_ms: u64, what: String },
}

/// A record as a row of the table; nothing for a Sentinel's lesser words.
pub(super) fn step(record: &Record, nested: bool, evidence: bool) -> Option<Row> {
    let (what, outcome, tone, alike) = match &record.event {
        Event::Began { op, .. } => (words::op(op), String::new(), Tone::Plain, None),
        Event::Ended { op, seen, took_ms, .. } => {
            let what = match op {
                Op::LogIn => words::login_ended(seen).to_owned(),
                other => words::op(other),
            };
            let outcome = words::seen(seen);
            let alike = (*op != Op::LogIn).then(|| format!("{} {outcome}", words::kind(op)));
            let tone = match seen {
                Seen::Ok => Tone::Good,
                Seen::Fail(_) => Tone::Bad,
                Seen::Unknown(_) => Tone::Unsure,
            };
            (what, format!("{outcome}, {}", words::duration(*took_ms)), tone, alike)
        }
        Event::LoggedOut { session } => (
            format!("is logged out without asking for it (session {})", session.0),
            String::new(),
            Tone::Bad,
            None,
        ),
        Event::CodeMailed { address, code } => (
            format!("mail with code {} arrives at {address}", code.0),
            String::new(),
            Tone::Plain,
            None,
        ),
        Event::ReminderMailed { address, due_ms } => (
            format!("reminder due at {} arrives at {address}", words::due(*due_ms)),
            String::new(),
            Tone::Plain,
            None,
        ),
        Event::HookCalled { answered } => (
            "the analytics hook is called".to_owned(),
            if *answered { "answered" } else { "not answered" }.to_owned(),
            if *answered { Tone::Good } else { Tone::Unsure },
            Some("hook".to_owned()),
        ),
        Event::Sentinel { says, .. } => (words::sentinel(says)?, String::new(), Tone::Plain, None),
        Event::Balancer { says } => (
            format!("answers by itself: {says}"),
            String::new(),
            Tone::Plain,
            Some(says.clone()),
        ),
        Event::Fault { .. } | Event::Role { .. } | Event::Ready { .. } => return None,
    };
    Some(Row::Step {
        at_ms: record.at_ms,
        who: record.who.clone(),
        nested,
        what,
        outcome,
        tone,
        evidence,
        kind: match &record.event {
            Event::Began { op, .. } | Event::Ended { op, .. } => Some(words::kind_name(op)),
            Event::CodeMailed { .. } | Event::ReminderMailed { .. } => Some("mail"),
            Event::Sentinel { .. } => Some("sentinel"),
            _ => None,
        },
        alike,
    })
}

/// A record that is evidence, in words.
pub(super) fn in_words(record: &Record) -> String {
    match step(record, false, true).unwrap_or_else(|| raw(record)) {
        Row::Step { who, what, .. } => format!("{who}: {what}"),
        _ => String::new(),
    }
}

pub(super) fn rule(record: &Record, what: String, evidence: bool) -> Row {
    Row::Rule {
        at_ms: record.at_ms,
        what,
        repairs: match &record.event {
            Event::Fault { fault, .. } => fault.repairs(),
            Event::Ready { ready, .. } => *ready,
            _ => false,
        },
        turns: matches!(record.event, Event::Role { .. } | Event::Sentinel { .. }),
        evidence,
    }
}

/// Evidence that has no words of its own is shown as it was recorded.
pub(super) fn raw(record: &Record) -> Row {
    Row::Step {
        at_ms: record.at_ms,
        who: record.who.clone(),
        nested: false,
        what: match &record.event {
            Event::Sentinel { says, .. } => says.clone(),
            other => format!("{other:?}"),
        },
        outcome: String::new(),
        tone: Tone::Plain,
        evidence: true,
        kind: None,
        alike: None,
    }
}

pub(super) fn told(violation: &Violation) -> Row {
    Row::Broken {
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
            evidence: false,
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
