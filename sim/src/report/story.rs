//! The history as rows.

use super::{
    brief, columns,
    row::{LogRow, Row, Tone, logged, raw, rule, shorten, step, told},
    words,
};
use crate::{
    history::{Event, History, Op, OpId},
    property::Violation,
};
use std::collections::{BTreeMap, BTreeSet};

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
