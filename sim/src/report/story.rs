//! The history as a story in rows.

use super::{
    brief::{self, Counts, Uneventful},
    change::Change,
    columns::{self, Look},
    row::{LogRow, Row, as_recorded, change, logged, shorten, step, violated},
};
use crate::{
    history::{Event, History, OpId, Record},
    plan::Plan,
    property::Violation,
    run::Run,
    service::{Observation, Op, Service, Tone},
    world::HostKind,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::ControlFlow,
};

/// A story: the history, the violations, and optionally the log.
#[derive(Debug, Clone)]
pub struct Story<'a, S: Service> {
    /// The history.
    pub history: &'a History<S>,
    /// The plan, which says who the attackers are. Without a plan, everybody who never begins a compound operation
    /// counts as an attacker.
    pub plan: Option<&'a Plan<S>>,
    /// The hosts of the world in the order of declaration, as in [`Run::hosts`]. They are needed because Sentinels know
    /// only addresses.
    pub hosts: &'a [(String, HostKind)],
    /// The violations.
    pub violations: &'a [Violation],
    /// Log lines, ordered by time; may be empty.
    pub log: &'a [LogRow<'a>],
    /// Whether to show a compound operation in one row if it succeeded and nothing changed in the world meanwhile, and
    /// to leave out routine operations.
    pub brief: bool,
}

impl<'a, S: Service> Story<'a, S> {
    /// The brief story of a run, without its log.
    pub fn of(run: &'a Run<S>) -> Story<'a, S> {
        Story {
            history: &run.history,
            plan: Some(&run.plan),
            hosts: &run.hosts,
            violations: &run.violations,
            log: &[],
            brief: true,
        }
    }

    /// The story in columns, and notes about what is left out.
    pub fn render(&self, look: &Look) -> String {
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

    /// The rows, in which similar ones are counted instead of shown, and notes about what is left out.
    pub(super) fn short_rows(&self) -> (Vec<Row>, Vec<String>) {
        let (rows, left_out) = Rows::of(self);
        (shorten(rows), left_out)
    }

    /// Only the rows that prove one violation, with the changes of the world between the first and the last of them.
    pub fn evidence(&self, violation: &Violation, look: &Look) -> String {
        let records = &self.history.records;
        let evidence = violation.evidence.iter().copied();
        let wanted: BTreeSet<usize> = evidence.filter(|index| *index < records.len()).collect();
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
            let is_evidence = wanted.contains(&index);
            let row = match (Change::of(record, self.hosts), &record.event) {
                (Some(what), _) => change(record, what, is_evidence),
                _ if !is_evidence => continue,
                // An operation whose end is also evidence is shown once.
                (None, Event::Began { id, .. }) if ended.contains(id) => continue,
                _ => step(record, self.hosts, false, true).unwrap_or_else(|| as_recorded(record)),
            };
            text.push_str(&columns::row(look, &row));
        }
        text
    }
}

/// Builds the rows of a story.
struct Rows<'a, S: Service> {
    story: &'a Story<'a, S>,
    evidence: BTreeSet<usize>,
    /// Records that are changes of the world.
    changes: BTreeMap<usize, Change>,
    begins: BTreeMap<OpId, usize>,
    ends: BTreeMap<OpId, usize>,
    uneventful: Uneventful,
    /// The compound operations in progress of each person, each with whether it is a step of another one.
    under_way: BTreeMap<&'a str, BTreeMap<OpId, bool>>,
    minor_of_sentinels: usize,
    routine: Counts,
}

impl<'a, S: Service> Rows<'a, S> {
    /// The rows of a story, and notes about what is left out.
    fn of(story: &'a Story<'a, S>) -> (Vec<Row>, Vec<String>) {
        let mut making = Rows::new(story);
        let mut rows = vec![];
        let mut log = story.log.iter().peekable();
        let mut violations: Vec<&Violation> = story.violations.iter().collect();
        violations.sort_by_key(|violation| violation.at_ms);
        let mut violations = violations.into_iter().peekable();
        for (index, record) in story.history.records.iter().enumerate() {
            while let Some(violation) = violations.next_if(|violation| violation.at_ms < record.at_ms) {
                rows.push(violated(violation));
            }
            while let Some(line) = log.next_if(|line| line.at_ms <= record.at_ms) {
                rows.push(logged(line));
            }
            rows.extend(making.row(index, record));
        }
        rows.extend(log.map(logged));
        rows.extend(violations.map(violated));
        (rows, making.notes())
    }

    fn new(story: &'a Story<'a, S>) -> Rows<'a, S> {
        let records = &story.history.records;
        let evidence = story.violations.iter().flat_map(|violation| &violation.evidence);
        let evidence = evidence.copied().collect();
        let changes: BTreeMap<usize, Change> = (records.iter().enumerate())
            .filter_map(|(index, record)| Some((index, Change::of(record, story.hosts)?)))
            .collect();
        let (mut begins, mut ends) = (BTreeMap::new(), BTreeMap::new());
        for (index, record) in records.iter().enumerate() {
            match &record.event {
                Event::Began { id, .. } => drop(begins.insert(*id, index)),
                Event::Ended { id, .. } => drop(ends.insert(*id, index)),
                _ => {}
            }
        }
        let uneventful = match story.brief {
            true => brief::uneventful(story.history, story.plan, &evidence, &changes.keys().copied().collect()),
            false => Uneventful::default(),
        };
        Rows {
            story,
            evidence,
            changes,
            begins,
            ends,
            uneventful,
            under_way: BTreeMap::new(),
            minor_of_sentinels: 0,
            routine: Counts::default(),
        }
    }

    /// The row of a record, if it has one.
    fn row(&mut self, index: usize, record: &'a Record<S>) -> Option<Row> {
        if self.uneventful.left_out.contains(&index) {
            return None;
        }
        let is_evidence = self.evidence.contains(&index);
        if let Some(what) = self.changes.get(&index) {
            return Some(change(record, what.clone(), is_evidence));
        }
        let is_nested = match self.nesting(record, is_evidence) {
            ControlFlow::Continue(is_nested) => is_nested,
            ControlFlow::Break(()) => return None,
        };
        let is_evidence = is_evidence || self.has_begun_as_evidence(record);
        let Some(mut row) = step(record, self.story.hosts, is_nested, is_evidence) else {
            if is_evidence {
                return Some(as_recorded(record));
            }
            self.minor_of_sentinels += 1;
            return None;
        };
        if let Row::Step {
            what, outcome, tone, ..
        } = &mut row
        {
            if let Some(whole) = self.uneventful.in_one_row.get(&index) {
                what.clone_from(whole);
            }
            if matches!(&record.event, Event::Began { id, .. } if !self.ends.contains_key(id)) {
                *outcome = "no answer until the end".into();
                *tone = Tone::Unsure;
            }
        }
        Some(row)
    }

    /// Whether a record is a step of a compound operation. Breaks if the record needs no row.
    fn nesting(&mut self, record: &'a Record<S>, is_evidence: bool) -> ControlFlow<(), bool> {
        let under_way = self.under_way.entry(&record.who).or_default();
        let is_nested = !under_way.is_empty();
        match &record.event {
            Event::Began { id, op } if op.is_compound() => drop(under_way.insert(*id, is_nested)),
            Event::Ended { id, op, .. } if op.is_compound() => {
                return ControlFlow::Continue(under_way.remove(id).unwrap_or(false));
            }
            Event::Began { id, .. } if !self.begins_apart(*id) => return ControlFlow::Break(()),
            Event::Own(observation) if !is_evidence => {
                if let Some(text) = observation.routine() {
                    self.routine.count(text);
                    return ControlFlow::Break(());
                }
            }
            _ => {}
        }
        ControlFlow::Continue(is_nested)
    }

    /// Whether the beginning of an operation has a row of its own: if the world changed before its end, or if it has no
    /// end.
    fn begins_apart(&self, id: OpId) -> bool {
        match (self.begins.get(&id), self.ends.get(&id)) {
            (Some(begin), Some(end)) => self.changes.range(begin..end).next().is_some(),
            _ => true,
        }
    }

    fn has_begun_as_evidence(&self, record: &Record<S>) -> bool {
        let Event::Ended { id, .. } = &record.event else {
            return false;
        };
        let begin = self.begins.get(id);
        begin.is_some_and(|begin| self.evidence.contains(begin))
    }

    fn notes(self) -> Vec<String> {
        let mut notes = vec![];
        if !self.uneventful.in_one_row.is_empty() {
            notes.push(format!(
                "in one row each: {} in which nothing happened, {}",
                S::Op::COMPOUND,
                self.uneventful.in_one_row.len()
            ));
        }
        let of_sentinels = ("minor messages of the Sentinels", self.minor_of_sentinels);
        let left_out = self.uneventful.routine.0.into_iter().chain([of_sentinels]);
        let left_out = left_out.chain(self.routine.0).filter(|(_, count)| *count > 0);
        notes.extend(left_out.map(|(text, count)| format!("left out: {text}, {count}")));
        notes
    }
}
