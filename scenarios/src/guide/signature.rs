//! What a run reached, as a small set of numbers.

use sim::{
    history::{Event, Record, Seen},
    run::Run,
    shrink::slug,
};
use std::collections::BTreeSet;
use xxhash_rust::xxh3::Xxh3;

/// There are at most so many different numbers. Two behaviours that share one are one: novelty is a hint.
const NUMBERS: u64 = 1 << 14;

/// What happens in every run, or over and over while something else goes on.
const ROUTINE: [&str; 6] = [
    "a code was redeemed",
    "a session was opened",
    "a live session answered for the person",
    "a second press sent no second mail",
    "master did not hold",
    "reminder sent",
];

/// Roles taken before this time, milliseconds, are those of the configuration.
const BOOTED_MS: u64 = 500;

/// What a run reached, as numbers that are equal for equal behaviour in every process: the turns that it took
/// (marks, roles, ports, failovers) by themselves and in pairs and triples as they followed each other, and
/// each kind of error with the turn before it. Which of two hosts it was does not matter, nor how often in a
/// row. The order of errors among themselves is left out: it is that of many people at once, and new in
/// every run.
pub fn signature(run: &Run) -> Vec<u32> {
    let marks = run.moments.iter().filter(|moment| !ROUTINE.contains(&moment.mark));
    let marks = marks.map(|moment| (moment.at_ms, moment.mark.to_owned()));
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

/// What a record says, if it is a turn in the run.
fn turn(record: &Record) -> Option<String> {
    match &record.event {
        Event::Role { role, .. } if record.at_ms >= BOOTED_MS => Some(format!("a Redis {role}")),
        Event::Ready { ready: false, why, .. } => Some(format!("a port closes: {why}")),
        Event::LoggedOut { .. } => Some("logged out".into()),
        Event::Sentinel { says, .. } => {
            let word = says.split_whitespace().next().unwrap_or_default();
            let told = ["+switch-master", "+tilt"].contains(&word) || word.starts_with("-failover-abort");
            told.then(|| word.to_owned())
        }
        _ => None,
    }
}

/// The kind of an error.
fn error(record: &Record) -> Option<String> {
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
