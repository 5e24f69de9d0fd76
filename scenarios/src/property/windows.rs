//! The most that limits per fixed window admit, with the states of Redis in which counters start again.

use crate::vocabulary::{Event, Evidence, Fault};

/// Roles taken before this time, milliseconds, come from the configuration and not from a failover.
const BOOTED_MS: u64 = 500;

/// The moments at which Redis enters a new state, in which counters may start again: the beginning of the run, each
/// time a node becomes master or starts empty, and each change of a Redis node's clock, because expiry depends on it
/// (measured on Redis 7.0.15: expiry is absolute on each node's own wall clock).
pub(crate) fn redis_states(evidence: &Evidence<'_>) -> RedisStates {
    let mut states = vec![0];
    let mut clocks_touched = false;
    for record in &evidence.history.records {
        let new_state = match &record.event {
            Event::Role { role, .. } => role == "master" && record.at_ms >= BOOTED_MS,
            Event::Fault { fault, .. } => match fault {
                Fault::ClockJump { host, .. } | Fault::ClockOffset { host, .. } if host.starts_with("redis") => {
                    clocks_touched = true;
                    true
                }
                Fault::Heal => std::mem::take(&mut clocks_touched),
                _ => false,
            },
            _ => false,
        };
        if new_state {
            states.push(record.at_ms);
        }
    }
    RedisStates {
        nodes: 1 + evidence.plan.world.redis_replicas,
        from_ms: states,
    }
}

/// The states of Redis in a run: see [`redis_states`].
pub(crate) struct RedisStates {
    /// The number of Redis nodes.
    nodes: usize,
    /// When each state began, milliseconds.
    from_ms: Vec<u64>,
}

impl RedisStates {
    /// The same run as if Redis had never entered a new state.
    pub(crate) fn only_first(&self) -> RedisStates {
        RedisStates {
            nodes: 1,
            from_ms: vec![0],
        }
    }
}

/// The most that a limit per fixed window may have admitted by `at_ms`, counted from the first attempt. Each state of
/// Redis has windows of its own, because a failover forgets counts that were not replicated. Windows are assumed to be
/// 1 % shorter than they are, to allow for rounding.
pub(crate) fn admitted_max(limit: u64, window_ms: u64, states: &RedisStates, first_ms: u64, at_ms: u64) -> u64 {
    let window_ms = (window_ms - window_ms / 100).max(1);
    let windows = |since: u64| 1 + (at_ms - since) / window_ms;
    // Of the states that began before the first attempt, each node can still hold at most one.
    let earlier = states
        .from_ms
        .iter()
        .filter(|state| **state <= first_ms)
        .count()
        .clamp(1, states.nodes) as u64;
    let later = states
        .from_ms
        .iter()
        .filter(|state| first_ms < **state && **state <= at_ms);
    limit * (earlier * windows(first_ms) + later.map(|state| windows(*state)).sum::<u64>())
}
