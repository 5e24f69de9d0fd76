//! What a brief story need not tell step by step.

use crate::history::{Event, History, Op, Record, Seen};
use std::collections::{BTreeMap, BTreeSet};

/// Logins and looks in which nothing happened that anybody would want to read.
#[derive(Debug, Default)]
pub(super) struct Uneventful {
    /// Indices of records that need no row.
    pub(super) left_out: BTreeSet<usize>,
    /// The end of each such login, and what to say there for all of it.
    pub(super) told: BTreeMap<usize, String>,
    /// Looks at the account page among those left out.
    pub(super) visits: usize,
    /// Attempts of attackers, refused, among those left out.
    pub(super) refusals: usize,
}

/// Finds them. A login is uneventful when all of its steps succeeded, none is evidence, and nothing
/// `ruled` (a fault, a change of roles) came between its beginning and its end.
pub(super) fn uneventful(history: &History, evidence: &BTreeSet<usize>, ruled: &BTreeSet<usize>) -> Uneventful {
    let records = &history.records;
    let mut found = Uneventful::default();
    let mut began: BTreeMap<_, usize> = BTreeMap::new();
    // Whoever never logs in attacks.
    let log_in: BTreeSet<&String> = (records.iter())
        .filter(|record| matches!(record.event, Event::Began { op: Op::LogIn, .. }))
        .map(|record| &record.who)
        .collect();
    for (end, record) in records.iter().enumerate() {
        match &record.event {
            Event::Began { id, .. } => {
                began.insert(*id, end);
            }
            Event::Ended { id, op, seen, .. } => {
                let Some(begin) = began.get(id).copied() else {
                    continue;
                };
                if ruled.range(begin..=end).next().is_some() || evidence.contains(&begin) || evidence.contains(&end) {
                    continue;
                }
                match (op, seen) {
                    (Op::LogIn, Seen::Ok) => login(records, begin, end, evidence, &mut found),
                    (Op::Visit { .. }, Seen::Ok) => {
                        found.left_out.extend([begin, end]);
                        found.visits += 1;
                    }
                    (Op::Redeem { .. } | Op::VerifyCode { .. }, Seen::Fail(_)) if !log_in.contains(&record.who) => {
                        found.left_out.extend([begin, end]);
                        found.refusals += 1;
                    }
                    _ => {}
                }
            }
            _ => {}
        }
    }
    found
}

fn login(records: &[Record], begin: usize, end: usize, evidence: &BTreeSet<usize>, found: &mut Uneventful) {
    let who = &records[begin].who;
    let (mut steps, mut addresses, mut codes) = (BTreeSet::from([begin]), BTreeSet::new(), vec![]);
    let mut open = 0usize;
    for (index, record) in records.iter().enumerate().take(end).skip(begin + 1) {
        if record.who != *who {
            continue;
        }
        match &record.event {
            // Two browsers of one person: their steps cannot be told apart here.
            Event::Began { op: Op::LogIn, .. } => return,
            Event::Began { .. } => open += 1,
            Event::Ended { op, seen: Seen::Ok, .. } => {
                open = match open.checked_sub(1) {
                    Some(open) => open,
                    None => return,
                };
                match op {
                    Op::SendCode { address, .. } => drop(addresses.insert(address)),
                    Op::Redeem { code, .. } => codes.push(code.0.as_str()),
                    _ => {}
                }
            }
            _ => return,
        }
        steps.insert(index);
    }
    for (index, record) in records.iter().enumerate().take(end).skip(begin) {
        if matches!(&record.event, Event::CodeMailed { address, .. } if addresses.contains(address)) {
            steps.insert(index);
        }
    }
    if open > 0 || steps.iter().any(|step| evidence.contains(step)) {
        return;
    }
    let with = match codes.as_slice() {
        [] => String::new(),
        codes => format!(", with authorization code {}", codes.join(", ")),
    };
    found.told.insert(end, format!("logs in{with}"));
    found.left_out.extend(steps);
}
