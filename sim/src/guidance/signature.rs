//! The signature of a run: the behaviours that it reached, as a small set of numbers.

use crate::{
    history::{Event, Record, Seen},
    property::slug,
    run::Run,
    service::{Observation, Op, Service, Tone},
};
use std::collections::BTreeSet;
use xxhash_rust::xxh3::Xxh3;

/// The number of different numbers. Two behaviours with the same number count as one; novelty is only a hint.
const NUMBERS: u64 = 1 << 14;

/// Roles taken before this time, milliseconds, come from the configuration and not from a failover.
const BOOTED_MS: u64 = 500;

/// The behaviours that a run reached, as numbers that are equal for equal behaviours in every process. A behaviour is:
///
/// - an event of the run (a mark, a role, a closed port, a failover, an observation that must not happen) by itself, or
///   in a pair or triple with those that follow it;
/// - a kind of error, with the event before it.
///
/// Similar hosts are not distinguished, and repetitions in a row count once. The order of errors among themselves is
/// left out, because it depends on many people at once and is new in every run.
pub fn signature<S: Service>(run: &Run<S>) -> Vec<u32> {
    let marks = run
        .mark_records
        .iter()
        .filter(|record| !S::ROUTINE_MARKS.contains(&record.mark));
    let marks = marks.map(|record| (record.at_ms, record.mark.to_owned()));
    let records = || run.history.records.iter();
    let seen = records().filter_map(|record| Some((record.at_ms, turn(record)?)));
    let mut turns: Vec<(u64, String)> = marks.chain(seen).collect();
    turns.sort();
    turns.dedup_by(|later, earlier| later.1 == earlier.1);

    let scenario = run.plan.scenario.as_str();
    let mut numbers = BTreeSet::new();
    let words: Vec<&str> = turns.iter().map(|(_, turn)| turn.as_str()).collect();
    for length in [1, 2, 3] {
        numbers.extend(words.windows(length).map(|some| number(scenario, some)));
    }
    for record in records() {
        if let Some(error) = error(record) {
            let before = turns.partition_point(|(at_ms, _)| *at_ms <= record.at_ms);
            let before = before.checked_sub(1).map_or("", |place| words[place]);
            numbers.insert(number(scenario, &["error", before, &error]));
        }
    }
    numbers.into_iter().collect()
}

/// The name of a record, if it is such an event of the run.
fn turn<S: Service>(record: &Record<S>) -> Option<String> {
    match &record.event {
        Event::Role { role, .. } if record.at_ms >= BOOTED_MS => Some(format!("a Redis {role}")),
        Event::Ready { ready: false, why, .. } => Some(format!("a port closes: {why}")),
        Event::Own(own) if own.outcome().0 == Tone::Bad => Some(own.name().to_owned()),
        Event::Sentinel { says, .. } => {
            let word = says.split_whitespace().next().unwrap_or_default();
            let is_turn = ["+switch-master", "+tilt"].contains(&word) || word.starts_with("-failover-abort");
            is_turn.then(|| word.to_owned())
        }
        _ => None,
    }
}

/// The kind of an error.
fn error<S: Service>(record: &Record<S>) -> Option<String> {
    match &record.event {
        Event::Ended {
            op,
            seen: Seen::Fail(why),
            ..
        } => Some(format!("{} fails: {}", op.kind(), slug(why))),
        Event::Ended {
            op,
            seen: Seen::Unknown(_),
            ..
        } => Some(format!("{} in doubt", op.kind())),
        _ => None,
    }
}

fn number(scenario: &str, turns: &[&str]) -> u32 {
    let mut hash = Xxh3::new();
    for part in std::iter::once(&scenario).chain(turns) {
        hash.update(part.as_bytes());
        hash.update(&[0]);
    }
    (hash.digest() % NUMBERS) as u32
}
