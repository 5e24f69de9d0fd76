//! What a run reached, as a small set of numbers.

use sim::{
    history::{Event, Record, Seen},
    run::Run,
    shrink::slug,
};
use std::collections::BTreeSet;
use xxhash_rust::xxh3::Xxh3;

/// There are at most so many different numbers. Two behaviours that share one are one: novelty is a hint.
const NUMBERS: u64 = 1 << 16;

/// What happens in every run, and between everything else.
const ROUTINE: [&str; 4] = [
    "a code was redeemed",
    "a session was opened",
    "a live session answered for the person",
    "reminder sent",
];

/// Roles taken before this time, milliseconds, are those of the configuration.
const BOOTED_MS: u64 = 500;

/// Pairs and triples of marks, roles and errors, as they followed each other; equal for equal behaviour, in
/// every process. Which of two replicas it was does not matter, nor how many times in a row.
pub fn signature(run: &Run) -> Vec<u32> {
    let mut turns: Vec<(u64, String)> = vec![];
    for moment in &run.moments {
        if !ROUTINE.contains(&moment.mark) {
            turns.push((moment.at_ms, moment.mark.to_owned()));
        }
    }
    for record in &run.history.records {
        turns.extend(turn(record).map(|turn| (record.at_ms, turn)));
    }
    turns.sort();
    let mut turns: Vec<String> = turns.into_iter().map(|(_, turn)| turn).collect();
    turns.dedup();
    let scenario = run.plan.scenario.as_str();
    let mut numbers = BTreeSet::new();
    for length in [1, 2, 3] {
        numbers.extend(turns.windows(length).map(|some| number(scenario, some)));
    }
    numbers.into_iter().collect()
}

/// What a record says, if it is a turn in the run.
fn turn(record: &Record) -> Option<String> {
    match &record.event {
        Event::Ended { op, seen, .. } => {
            let (how, why) = match seen {
                Seen::Ok => return None,
                Seen::Fail(why) => ("fails", why),
                Seen::Unknown(why) => ("in doubt", why),
            };
            Some(format!("{} {how}: {}", op.kind(), slug(why)))
        }
        Event::Role { role, .. } if record.at_ms >= BOOTED_MS => Some(format!("a Redis {role}")),
        Event::Ready { ready: false, why, .. } => Some(format!("a port closes: {why}")),
        Event::LoggedOut { .. } => Some("logged out".into()),
        Event::Sentinel { says, .. } => {
            let word = says.split_whitespace().next().unwrap_or_default();
            let told = ["+odown", "-odown", "+switch-master", "+tilt", "+convert-to-slave"];
            (told.contains(&word) || word.starts_with("-failover-abort")).then(|| word.to_owned())
        }
        _ => None,
    }
}

fn number(scenario: &str, turns: &[String]) -> u32 {
    let mut hash = Xxh3::new();
    for part in std::iter::once(scenario).chain(turns.iter().map(String::as_str)) {
        hash.update(part.as_bytes());
        hash.update(&[0]);
    }
    (hash.digest() % NUMBERS) as u32
}
