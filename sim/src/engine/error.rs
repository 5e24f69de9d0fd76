//! What ends a run before its time, and what is noted of a host that panicked.

use std::fmt;
use thiserror::Error;

/// Why the engine cannot go on. Each is a mistake of the simulated code or of the harness, never an
/// outcome of the simulation.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EngineError {
    /// Simulated time stands still while tasks keep waking each other.
    #[error(
        "livelock: {polls} polls at {at_ms} ms without time moving on, the last one on {host}; look for a loop there \
         that waits for nothing, or raise `polls_per_instant_max`"
    )]
    Livelock {
        /// When, in simulated milliseconds.
        at_ms: u64,
        /// Where the last task ran.
        host: String,
        /// Tasks polled at that instant.
        polls: u64,
    },
    /// Simulated code spawned through tokio.
    #[error(
        "a task escaped the simulation: code on {host} called tokio::spawn (or a JoinSet) at {at_ms} ms; use \
         `env.spawn`, or nobody can kill it, pause it or order it"
    )]
    EscapedTask {
        /// When, in simulated milliseconds.
        at_ms: u64,
        /// Whose code.
        host: String,
    },
    /// Simulated code started a thread through tokio.
    #[error(
        "a thread escaped the simulation: code on {host} called tokio's spawn_blocking at {at_ms} ms, which freezes \
         simulated time; call it inline"
    )]
    EscapedThread {
        /// When, in simulated milliseconds.
        at_ms: u64,
        /// Whose code.
        host: String,
    },
    /// The classic engine gave up.
    #[error("turmoil gave up at {at_ms} ms: {what}")]
    Turmoil {
        /// When, in simulated milliseconds.
        at_ms: u64,
        /// What it said.
        what: String,
    },
}

/// A task of a host panicked. The whole process was killed by it, as `panic = "abort"` would have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPanic {
    /// When, in simulated milliseconds.
    pub at_ms: u64,
    /// Whose task.
    pub host: String,
    /// What it said, and where.
    pub message: String,
}

impl fmt::Display for HostPanic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} panicked at {} ms: {}", self.host, self.at_ms, self.message)
    }
}
