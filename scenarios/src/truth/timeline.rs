//! How a failover goes, step by step: the real Sentinels and the simulated ones, side by side.

use super::{
    process::Unavailable,
    stack::{
        Act::{Ask, Kill, Pause, Watch},
        Node::{Master, Replica},
        PLAIN, Seen, Story, perform_in_simulation, perform_really,
    },
};
use sim::engine::EngineError;
use std::ops::Range;

/// What happens to the master at the beginning.
#[derive(Debug)]
pub struct Fault {
    /// In words: the master is …
    pub name: &'static str,
    story: Story,
    /// Least and most of each of [`STEPS`], over failovers of Redis 7.0.15 on a quiet machine: what a few failovers of
    /// today are added to, for few do not show all of a timer's spread.
    pub(super) measured: [(i64, i64); STEPS.len()],
}

/// Both that are compared.
pub const FAULTS: [Fault; 2] = [
    Fault {
        name: "killed (SIGKILL)",
        story: Story {
            name: "kill",
            claim: "a master that is killed is succeeded",
            acts: &[
                (0, Kill(Master)),
                (1, Watch(Replica)),
                (3_500, Ask("role", Replica, &["ROLE"])),
            ],
            ..PLAIN
        },
        measured: [
            (1025, 1077),
            (1104, 1202),
            (1104, 1202),
            (1319, 1426),
            (2118, 2265),
            (2177, 2364),
        ],
    },
    Fault {
        name: "stopped (SIGSTOP)",
        story: Story {
            name: "stop",
            claim: "a master that is stopped is succeeded",
            acts: &[
                (0, Pause(Master)),
                (1, Watch(Replica)),
                (4_500, Ask("role", Replica, &["ROLE"])),
            ],
            ..PLAIN
        },
        // Of the second, third and fifth step the median alone was kept (1720, 1720, 2760). They follow their neighbours at
        // the distances that they have after a kill.
        measured: [
            (1040, 1950),
            (1119, 2075),
            (1119, 2075),
            (1360, 2290),
            (2159, 3129),
            (2270, 3200),
        ],
    },
];

/// What is timed: the first time that any Sentinel says so.
pub const STEPS: [&str; 6] = [
    "+sdown master",
    "+odown master",
    "+try-failover",
    "the replica takes writes",
    "+promoted-slave",
    "+switch-master",
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
pub fn real(fault: &Fault) -> Result<Failover, Unavailable> {
    Ok(Failover::of(&perform_really(&fault.story)?))
}

/// One a seed in the simulation.
///
/// # Errors
/// The engine's own.
pub fn simulated(fault: &Fault, seeds: Range<u64>) -> Result<Vec<Failover>, EngineError> {
    seeds
        .map(|seed| Ok(Failover::of(&perform_in_simulation(&fault.story, seed)?)))
        .collect()
}

/// Failovers after one fault, in both worlds.
#[derive(Debug)]
pub struct Failovers {
    /// What happened to the master.
    pub fault: &'static Fault,
    /// Of the real Sentinels.
    pub real: Vec<Failover>,
    /// Of the simulated ones.
    pub simulated: Vec<Failover>,
}

/// One step of the failover in both worlds: least, median and most, milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Step {
    /// As in [`STEPS`].
    pub name: &'static str,
    /// Of the real programs.
    pub real: (i64, i64, i64),
    /// Least and most of the measurement.
    pub measured: (i64, i64),
    /// Of the simulation.
    pub simulated: (i64, i64, i64),
}

impl Step {
    /// Whether the simulated median lies inside the least and the most of the real ones, today's and those of the
    /// measurement.
    pub fn agrees(&self) -> bool {
        let (least, most) = self.measured;
        (least.min(self.real.0)..=most.max(self.real.2)).contains(&self.simulated.1)
    }
}

impl Failovers {
    /// Step by step; without those that did not happen in each.
    pub fn steps(&self) -> Vec<Step> {
        let steps = STEPS.iter().enumerate().filter_map(|(index, name)| {
            Some(Step {
                name,
                real: spread(&self.real, index)?,
                measured: self.fault.measured[index],
                simulated: spread(&self.simulated, index)?,
            })
        });
        steps.collect()
    }

    /// Whether each leader, real or simulated, said the same in the same order.
    pub fn same_order(&self) -> bool {
        let mut all = self.real.iter().chain(&self.simulated);
        let Some(first) = all.next() else { return false };
        !first.leader_said.is_empty() && all.all(|failover| failover.leader_said == first.leader_said)
    }

    /// Whether the simulated ones go as the real ones do.
    pub fn agree(&self) -> bool {
        let steps = self.steps();
        steps.len() == STEPS.len() && steps.iter().all(Step::agrees) && self.same_order()
    }
}

/// Least, median and most of a step over some failovers, milliseconds; nothing if it did not happen
/// in each.
fn spread(failovers: &[Failover], step: usize) -> Option<(i64, i64, i64)> {
    let mut times = failovers
        .iter()
        .map(|failover| failover.at_ms[step])
        .collect::<Option<Vec<_>>>()?;
    times.sort_unstable();
    Some((*times.first()?, times[times.len() / 2], *times.last()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failover(at: i64, said: &str) -> Failover {
        Failover {
            at_ms: [Some(at); STEPS.len()],
            leader_said: said.split(' ').map(str::to_owned).collect(),
        }
    }

    fn failovers(real: &[i64], simulated: &[i64]) -> Failovers {
        static FAULT: Fault = Fault {
            name: "gone",
            story: PLAIN,
            measured: [(1_050, 1_050); STEPS.len()],
        };
        let all = |times: &[i64]| times.iter().map(|at| failover(*at, "+sdown +switch-master")).collect();
        Failovers {
            fault: &FAULT,
            real: all(real),
            simulated: all(simulated),
        }
    }

    #[test]
    fn the_simulated_median_lies_where_the_real_ones_lie() {
        assert!(failovers(&[1_000, 1_100, 1_050], &[1_090, 1_020, 5_000]).agree());
        assert!(!failovers(&[1_000, 1_100, 1_050], &[1_300, 1_300, 1_020]).agree());
        assert!(!failovers(&[1_000, 1_100, 1_050], &[850, 850]).agree());
    }

    #[test]
    fn another_order_is_a_difference() {
        let mut told = failovers(&[1_000], &[1_000]);
        told.simulated.push(failover(1_000, "+switch-master +sdown"));
        assert!(!told.agree());
    }

    #[test]
    fn a_step_that_never_came_is_a_difference() {
        let mut told = failovers(&[1_000], &[1_000]);
        told.simulated[0].at_ms[3] = None;
        assert!(!told.agree());
    }
}
