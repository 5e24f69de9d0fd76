//! The parts of a history that a brief story does not show step by step.

use crate::{
    history::{Event, History, Record, Seen},
    plan::Plan,
    service::{Observation, Op, Service},
};
use std::collections::{BTreeMap, BTreeSet};

/// Operations that a reader does not need to see in detail.
#[derive(Debug, Default)]
pub(super) struct Uneventful {
    /// Indices of records that need no row.
    pub(super) left_out: BTreeSet<usize>,
    /// The end of each compound operation that is shown in one row, and the text of that row.
    pub(super) in_one_row: BTreeMap<usize, String>,
    /// Counts of routine operations among the rest.
    pub(super) routine: Counts,
}

/// Texts with counts, in the order of their first occurrence.
#[derive(Debug, Default)]
pub(super) struct Counts(pub(super) Vec<(&'static str, usize)>);

impl Counts {
    pub(super) fn count(&mut self, text: &'static str) {
        match self.0.iter_mut().find(|(known, _)| *known == text) {
            Some((_, count)) => *count += 1,
            None => self.0.push((text, 1)),
        }
    }
}

/// The attackers of the plan. Without a plan, everybody who never begins a compound operation.
fn attackers<'a, S: Service>(history: &'a History<S>, plan: Option<&'a Plan<S>>) -> BTreeSet<&'a str> {
    if let Some(plan) = plan {
        return plan.attackers();
    }
    let everybody = history.records.iter().map(|record| record.who.as_str());
    let honest = history.records.iter().filter(|record| begins_compound(record));
    let honest: BTreeSet<&str> = honest.map(|record| record.who.as_str()).collect();
    everybody.filter(|who| !honest.contains(who)).collect()
}

fn begins_compound<S: Service>(record: &Record<S>) -> bool {
    matches!(&record.event, Event::Began { op, .. } if op.is_compound())
}

/// Finds the uneventful operations. A compound operation is uneventful if all of its steps succeeded, none of them is
/// evidence, and none of `changes` (of the world) happened between its beginning and its end.
pub(super) fn uneventful<S: Service>(
    history: &History<S>,
    plan: Option<&Plan<S>>,
    evidence: &BTreeSet<usize>,
    changes: &BTreeSet<usize>,
) -> Uneventful {
    let records = &history.records;
    let attackers = attackers(history, plan);
    let mut found = Uneventful::default();
    let mut began: BTreeMap<_, usize> = BTreeMap::new();
    for (end, record) in records.iter().enumerate() {
        let (id, op, seen) = match &record.event {
            Event::Began { id, .. } => {
                began.insert(*id, end);
                continue;
            }
            Event::Ended { id, op, seen, .. } => (id, op, seen),
            _ => continue,
        };
        let Some(begin) = began.get(id).copied() else {
            continue;
        };
        if changes.range(begin..=end).next().is_some() || evidence.contains(&begin) || evidence.contains(&end) {
            continue;
        }
        if op.is_compound() {
            if *seen == Seen::Ok
                && let Some(steps) = Steps::between(records, begin, end)
                && steps.records.is_disjoint(evidence)
            {
                found
                    .in_one_row
                    .insert(end, crate::service::describe_whole(op, &steps.ops));
                found.left_out.extend(steps.records);
            }
        } else if let Some(text) = op.routine(seen, attackers.contains(record.who.as_str())) {
            found.left_out.extend([begin, end]);
            found.routine.count(text);
        }
    }
    found
}

/// The steps of a compound operation that succeeded.
struct Steps<'a, S: Service> {
    ops: Vec<&'a S::Op>,
    /// All of its records except its end.
    records: BTreeSet<usize>,
}

impl<'a, S: Service> Steps<'a, S> {
    /// The steps between two records; `None` if a step did not succeed.
    fn between(records: &'a [Record<S>], begin: usize, end: usize) -> Option<Steps<'a, S>> {
        let who = &records[begin].who;
        let (mut ops, mut steps, mut observed) = (vec![], BTreeSet::from([begin]), vec![]);
        let mut open = 0usize;
        for (index, record) in records.iter().enumerate().take(end).skip(begin + 1) {
            match &record.event {
                Event::Own(observation) => {
                    observed.push((index, observation, record.who == *who));
                    continue;
                }
                _ if record.who != *who => continue,
                // If somebody performs two compound operations at the same time, their steps cannot be distinguished.
                Event::Began { op, .. } if op.is_compound() => return None,
                Event::Began { .. } => open += 1,
                Event::Ended { op, seen: Seen::Ok, .. } => {
                    open = open.checked_sub(1)?;
                    ops.push(op);
                }
                _ => return None,
            }
            steps.insert(index);
        }
        for (index, observation, is_own) in observed {
            if ops.iter().any(|op| observation.is_part_of(op)) {
                steps.insert(index);
            } else if is_own && observation.routine().is_none() {
                return None;
            }
        }
        let records = steps;
        (open == 0).then_some(Steps { ops, records })
    }
}
