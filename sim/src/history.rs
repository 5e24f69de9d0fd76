//! The history of a run: everything that people and the outside world could see, with simulated time.

mod builder;

pub use builder::HistoryBuilder;

use crate::{fault::Fault, service::Service, trigger::Trigger};
use serde::{Deserialize, Serialize};

/// How a process ended that was asked to, and did ([`Event::Exit`]).
pub const RETURNED: &str = "it returned";
/// How a process ended that left its orderly end unfinished, for it was asked once more.
pub const INTERRUPTED: &str = "it was asked once more";
/// Why a port is closed ([`Event::Ready`]): its process said that it cannot do its work.
pub const CLOSED_DEGRADED: &str = "it calls itself degraded";
/// Why a port is closed: its process was asked to end.
pub const CLOSED_STOPPING: &str = "it was asked to end";
/// Why a port is closed: its process ended, or was killed.
pub const CLOSED_ENDED: &str = "its process ended";

/// The outcome of an operation: the triple of [`seams::Outcome`], seen from outside. A time-out, a reset, a 502 or a
/// 504 is `Unknown`: it may have happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Seen {
    /// It happened.
    Ok,
    /// It definitely did not happen. The text is the error that the person got: `sold`, "too many attempts", a status.
    Fail(String),
    /// It may have happened.
    Unknown(String),
}

/// Identifies one invocation: its completion carries the same number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OpId(pub u64);

/// A stand-in for a secret: equal for equal secrets, and useless to an attacker. Short hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Tag(pub String);

impl Tag {
    /// The stand-in of a secret: the first 32 bits of its SHA-256.
    pub fn of(secret: impl AsRef<[u8]>) -> Tag {
        use sha2::{Digest, Sha256};
        let hash = Sha256::digest(secret);
        Tag(format!(
            "{:08x}",
            u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]])
        ))
    }
}

/// An event that was observed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case", bound = "")]
pub enum Event<S: Service> {
    /// Somebody began an operation.
    Began {
        /// The operation's identifier.
        id: OpId,
        /// The operation.
        op: S::Op,
    },
    /// An operation completed.
    Ended {
        /// The operation's identifier.
        id: OpId,
        /// The operation, as known at its end.
        op: S::Op,
        /// Its outcome.
        seen: Seen,
        /// Its duration, milliseconds.
        took_ms: u64,
    },
    /// A fault was injected or ended.
    Fault {
        /// The fault.
        fault: Fault<S>,
        /// Number of operations in flight at that moment: a fault that hits none tests nothing.
        in_flight: usize,
        /// The trigger, if the fault had one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<Trigger>,
    },
    /// A Redis node changed its role, as reported by its own process.
    Role {
        /// The Redis node.
        host: String,
        /// `master` or `replica`.
        role: String,
    },
    /// A Sentinel reported an event, in Sentinel's own words: `+sdown`, `+switch-master`.
    Sentinel {
        /// The Sentinel.
        host: String,
        /// The event that it reported.
        says: String,
    },
    /// A process of the service opened or closed its port to the balancer.
    Ready {
        /// The host.
        host: String,
        /// Whether it accepts requests.
        ready: bool,
        /// Why not, if it does not.
        why: String,
    },
    /// A process of the service ended, though nobody killed it: it was asked to, or its main function returned.
    Exit {
        /// The host.
        host: String,
        /// In which way it ended.
        how: String,
    },
    /// The balancer answered by itself (502, 504), or its client went away before there was an answer (499).
    Balancer {
        /// What it answered, and why.
        says: String,
    },
    /// An observation that only this service's world has.
    #[serde(untagged)]
    Own(S::Observation),
}

/// An event with its time and its source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Record<S: Service> {
    /// Simulated time, milliseconds from the start of the run.
    pub at_ms: u64,
    /// The person, attacker or host that the event is about, or `nemesis`.
    pub who: String,
    /// The event.
    #[serde(flatten)]
    pub event: Event<S>,
}

/// The whole history of a run, in order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct History<S: Service> {
    /// The records, in the order in which the events happened.
    pub records: Vec<Record<S>>,
}

impl<S: Service> Default for History<S> {
    fn default() -> History<S> {
        History { records: vec![] }
    }
}
