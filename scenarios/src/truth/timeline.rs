//! How a failover goes, step by step: the real Sentinels and the simulated ones, side by side.

use super::{
    process::Unavailable,
    stack::{
        Act::{Ask, Kill, Watch},
        Node::{Master, Replica},
        Seen, Story, perform_in_simulation, perform_really,
    },
};
use sim::{engine::EngineError, world::redis::PersistenceMode};
use std::ops::Range;

/// The master is killed at the beginning.
const KILL: Story = Story {
    name: "kill",
    claim: "a master that is killed is succeeded",
    persistence: PersistenceMode::None,
    replicas: 1,
    min_replicas_to_write: 0,
    acts: &[
        (0, Kill(Master)),
        (1, Watch(Replica)),
        (3_500, Ask("role", Replica, &["ROLE"])),
    ],
    answers: &[],
    sentinels_say: &[],
};

/// What is timed: the first time that any Sentinel says so.
pub const STEPS: [&str; 6] = [
    "+sdown master",
    "+odown master",
    "+try-failover",
    "the replica takes writes",
    "+promoted-slave",
    "+switch-master",
];

/// Least and most of each of [`STEPS`], over 24 failovers of Redis 7.0.15 on a quiet machine: what a few failovers of
/// today are added to, for few do not show all of a timer's spread.
pub(super) const MEASURED: [(i64, i64); STEPS.len()] = [
    (1025, 1077),
    (1104, 1202),
    (1104, 1202),
    (1319, 1426),
    (2118, 2265),
    (2177, 2364),
];

/// What the Sentinel that leads says from then until the end, in this order. Others of its words
/// (`+vote-for-leader` of others, `-role-change`, which depends on when the last INFO was) are not
/// compared.
const LEADER_SAYS: [&str; 14] = [
    "+sdown",
    "+odown",
    "+new-epoch",
    "+try-failover",
    "+vote-for-leader",
    "+elected-leader",
    "+failover-state-select-slave",
    "+selected-slave",
    "+failover-state-send-slaveof-noone",
    "+failover-state-wait-promotion",
    "+promoted-slave",
    "+failover-state-reconf-slaves",
    "+failover-end",
    "+switch-master",
];

/// One failover: when each of [`STEPS`] was, in milliseconds after the kill, and what the leader said.
#[derive(Debug, Clone)]
pub struct Failover {
    /// As [`STEPS`].
    pub at_ms: [Option<i64>; STEPS.len()],
    /// In order.
    pub leader_said: Vec<String>,
}

impl Failover {
    fn of(seen: &Seen) -> Failover {
        let after = || seen.events.iter().filter(|event| event.at_ms > 0);
        let first = |step: &str| match step {
            "the replica takes writes" => seen.writable_ms,
            step => after()
                .find(|event| event.says.starts_with(step))
                .map(|event| event.at_ms),
        };
        let leader = after()
            .find(|event| event.says.starts_with("+elected-leader"))
            .map(|event| event.sentinel);
        let words = after()
            .filter(|event| Some(event.sentinel) == leader)
            .map(|event| event.says.split(' ').next().unwrap_or_default())
            .filter(|word| LEADER_SAYS.contains(word));
        let mut leader_said: Vec<String> = Vec::new();
        for word in words {
            // the end is when the old master becomes a replica that is down
            if leader_said.last().map(String::as_str) == Some("+switch-master") {
                break;
            }
            leader_said.push(word.to_owned());
        }
        Failover {
            at_ms: STEPS.map(first),
            leader_said,
        }
    }
}

/// One on the real programs.
///
/// # Errors
/// They are absent.
pub fn real() -> Result<Failover, Unavailable> {
    Ok(Failover::of(&perform_really(&KILL)?))
}

/// One a seed in the simulation.
///
/// # Errors
/// The engine's own.
pub fn simulated(seeds: Range<u64>) -> Result<Vec<Failover>, EngineError> {
    seeds
        .map(|seed| Ok(Failover::of(&perform_in_simulation(&KILL, seed)?)))
        .collect()
}

/// Least, median and most of a step over some failovers, milliseconds; nothing if it did not happen
/// in each.
pub fn spread(failovers: &[Failover], step: usize) -> Option<(i64, i64, i64)> {
    let mut times = failovers
        .iter()
        .map(|failover| failover.at_ms[step])
        .collect::<Option<Vec<_>>>()?;
    times.sort_unstable();
    Some((*times.first()?, times[times.len() / 2], *times.last()?))
}
