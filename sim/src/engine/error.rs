//! Errors that end a run early, and panics of simulated code.

use std::fmt;
use thiserror::Error;

/// The reason why the engine cannot continue. Each is a mistake in the simulated code or in the harness, never a result
/// of the simulation.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EngineError {
    /// Simulated time does not advance, because tasks keep waking each other.
    #[error(
        "livelock: {polls} polls at {at_ms} ms while time does not advance, the last one on {host}; look for a loop there \
         that never waits, or raise `polls_per_instant_max`"
    )]
    Livelock {
        /// When, simulated milliseconds.
        at_ms: u64,
        /// The host of the last task.
        host: String,
        /// Number of tasks polled at that instant.
        polls: u64,
    },
    /// Simulated code spawned through tokio.
    #[error(
        "a task escaped the simulation: code on {host} called tokio::spawn (or a JoinSet) at {at_ms} ms; use \
         `env.spawn`, so that the engine can kill it, pause it and order it"
    )]
    EscapedTask {
        /// When, simulated milliseconds.
        at_ms: u64,
        /// The host whose code spawned the task.
        host: String,
    },
    /// Simulated code started a thread through tokio.
    #[error(
        "a thread escaped the simulation: code on {host} called tokio's spawn_blocking at {at_ms} ms, which freezes \
         simulated time; call it inline"
    )]
    EscapedThread {
        /// When, simulated milliseconds.
        at_ms: u64,
        /// The host whose code started the thread.
        host: String,
    },
    /// The classic turmoil engine failed.
    #[error("turmoil failed at {at_ms} ms: {what}")]
    Turmoil {
        /// When, simulated milliseconds.
        at_ms: u64,
        /// turmoil's error.
        what: String,
    },
}

/// A panic of a task. It killed the host's whole process, as with `panic = "abort"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPanic {
    /// When, simulated milliseconds.
    pub at_ms: u64,
    /// The host.
    pub host: String,
    /// The panic's message and location.
    pub message: String,
}

impl fmt::Display for HostPanic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} panicked at {} ms: {}", self.host, self.at_ms, self.message)
    }
}
