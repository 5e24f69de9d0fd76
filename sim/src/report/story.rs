//! The history as rows.

use super::{brief, columns, words};
use crate::{
    history::{Event, History, Op, OpId, Record, Seen},
    property::Violation,
};
use std::collections::{BTreeMap, BTreeSet};

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

/// What is told: what was seen, what was violated, and the log if wanted.
#[derive(Debug, Clone, Copy)]
pub struct Story<'a> {
    /// What was seen.
    pub history: &'a History,
    /// What did not hold.
    pub violations: &'a [Violation],
    /// In order of time; empty for none.
    pub log: &'a [LogRow<'a>],
    /// Tells a login in which everything went well, and nothing changed in the world meanwhile, in one
    /// row, and leaves out what is routine.
    pub brief: bool,
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

impl Story<'_> {
    /// The story in columns, and what it leaves out.
    pub fn render(&self, look: &columns::Look) -> String {
        let (rows, left_out) = self.short_rows();
        let mut text = columns::header(look);
        for row in rows {
            text.push_str(&columns::row(look, &row));
        }
        for note in left_out {
            text.push_str(&columns::note(look, &note));
        }
        text
    }

    /// The rows, what is alike counted instead of shown, and what they leave out.
    pub(super) fn short_rows(&self) -> (Vec<Row>, Vec<String>) {
        let (rows, left_out) = self.rows();
        (shorten(rows), left_out)
    }

    /// The rows that prove one violation, by themselves, with what changed in the world between the
    /// first and the last of them.
    pub fn evidence(&self, violation: &Violation, look: &columns::Look) -> String {
        let records = &self.history.records;
        let wanted: BTreeSet<usize> = violation
            .evidence
            .iter()
            .copied()
            .filter(|i| *i < records.len())
            .collect();
        let (Some(first), Some(last)) = (wanted.first(), wanted.last()) else {
            return String::new();
        };
        let ended: BTreeSet<OpId> = (wanted.iter())
            .filter_map(|index| match records[*index].event {
                Event::Ended { id, .. } => Some(id),
                _ => None,
            })
            .collect();
        let mut text = String::new();
        for (index, record) in records.iter().enumerate().take(last + 1).skip(*first) {
            let marked = wanted.contains(&index);
            let row = match (words::ruled(&record.who, &record.event), &record.event) {
                (Some(what), _) => rule(record, what, marked),
                _ if !marked => continue,
                // An operation whose end is evidence as well is told once.
                (None, Event::Began { id, .. }) if ended.contains(id) => continue,
                _ => step(record, false, true).unwrap_or_else(|| raw(record)),
            };
            text.push_str(&columns::row(look, &row));
        }
        text
    }

    fn rows(&self) -> (Vec<Row>, Vec<String>) {
        let records = &self.history.records;
        let evidence: BTreeSet<usize> = self
            .violations
            .iter()
            .flat_map(|v| v.evidence.iter().copied())
            .collect();
        let ruled: BTreeSet<usize> = (0..records.len())
            .filter(|i| words::ruled(&records[*i].who, &records[*i].event).is_some())
            .collect();
        let mut begins: BTreeMap<OpId, usize> = BTreeMap::new();
        let mut ends: BTreeMap<OpId, usize> = BTreeMap::new();
        for (index, record) in records.iter().enumerate() {
            match &record.event {
                Event::Began { id, .. } => drop(begins.insert(*id, index)),
                Event::Ended { id, .. } => drop(ends.insert(*id, index)),
                _ => {}
            }
        }
        // The beginning has a row of its own where the world changed before the end.
        let apart = |id: &OpId| match (begins.get(id), ends.get(id)) {
            (Some(begin), Some(end)) => ruled.range(begin..end).next().is_some(),
            _ => true,
        };
        let mut rows = Vec::new();
        let mut logging_in: BTreeMap<&str, usize> = BTreeMap::new();
        let (mut words_left_out, mut hooks_left_out) = (0, 0);
        let uneventful = match self.brief {
            true => brief::uneventful(self.history, &evidence, &ruled),
            false => brief::Uneventful::default(),
        };
        let mut log = self.log.iter().peekable();
        let mut broken: Vec<&Violation> = self.violations.iter().collect();
        broken.sort_by_key(|v| v.at_ms);
        let mut broken = broken.into_iter().peekable();

        for (index, record) in records.iter().enumerate() {
            while let Some(violation) = broken.next_if(|v| v.at_ms < record.at_ms) {
                rows.push(told(violation));
            }
            while let Some(line) = log.next_if(|line| line.at_ms <= record.at_ms) {
                rows.push(logged(line));
            }
            if uneventful.left_out.contains(&index) {
                continue;
            }
            let marked = evidence.contains(&index);
            if let Some(what) = words::ruled(&record.who, &record.event) {
                rows.push(rule(record, what, marked));
                continue;
            }
            let nested = logging_in.get(record.who.as_str()).is_some_and(|open| *open > 0);
            match &record.event {
                Event::Began { op: Op::LogIn, .. } => *logging_in.entry(&record.who).or_default() += 1,
                Event::Ended { op: Op::LogIn, .. } => {
                    if let Some(open) = logging_in.get_mut(record.who.as_str()) {
                        *open = open.saturating_sub(1);
                    }
                }
                Event::Began { id, .. } if !apart(id) => continue,
                Event::HookCalled { answered: true } if !marked => {
                    hooks_left_out += 1;
                    continue;
                }
                _ => {}
            }
            let marked = marked
                || matches!(&record.event, Event::Ended { id, .. }
                    if begins.get(id).is_some_and(|begin| evidence.contains(begin)));
            let is_login = matches!(&record.event, Event::Ended { op: Op::LogIn, .. });
            let unended = matches!(&record.event, Event::Began { id, .. } if !ends.contains_key(id));
            match step(record, nested && !is_login, marked) {
                Some(mut row) => {
                    if let (Some(told), Row::Step { what, .. }) = (uneventful.told.get(&index), &mut row) {
                        what.clone_from(told);
                    }
                    if let (true, Row::Step { outcome, tone, .. }) = (unended, &mut row) {
                        *outcome = "no answer until the end".into();
                        *tone = Tone::Unsure;
                    }
                    rows.push(row);
                }
                None if marked => rows.push(raw(record)),
                None => words_left_out += 1,
            }
        }
        rows.extend(log.map(logged));
        rows.extend(broken.map(told));

        let mut notes = Vec::new();
        if !uneventful.told.is_empty() {
            notes.push(format!(
                "told in one row: logins in which nothing happened, {}",
                uneventful.told.len()
            ));
        }
        if uneventful.visits > 0 {
            notes.push(format!(
                "left out: looks at the account page that showed it, {}",
                uneventful.visits
            ));
        }
        if uneventful.refusals > 0 {
            notes.push(format!(
                "left out: attempts of attackers that were refused, {}",
                uneventful.refusals
            ));
        }
        if words_left_out > 0 {
            notes.push(format!("left out: lesser words of the Sentinels, {words_left_out}"));
        }
        if hooks_left_out > 0 {
            notes.push(format!(
                "left out: calls that the analytics hook answered, {hooks_left_out}"
            ));
        }
        (rows, notes)
    }
}

/// A record as a row of the table; nothing for a Sentinel's lesser words.
fn step(record: &Record, nested: bool, evidence: bool) -> Option<Row> {
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

fn rule(record: &Record, what: String, evidence: bool) -> Row {
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
fn raw(record: &Record) -> Row {
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

fn told(violation: &Violation) -> Row {
    Row::Broken {
        at_ms: violation.at_ms,
        what: format!("{} does not hold: {}", violation.property, violation.what),
    }
}

fn logged(line: &LogRow<'_>) -> Row {
    Row::Log {
        at_ms: line.at_ms,
        host: line.host.to_owned(),
        text: line.text.to_owned(),
    }
}

/// Counts what is alike instead of showing it. Evidence is always shown.
fn shorten(rows: Vec<Row>) -> Vec<Row> {
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
