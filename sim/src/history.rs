//! What people and the outside world could see, with simulated time.

mod builder;

pub use builder::HistoryBuilder;

use crate::{fault::Fault, service::Service, trigger::Trigger};
use serde::{Deserialize, Serialize};

/// What an operation came to: the triple of [`seams::Outcome`], seen from outside. A time-out,
/// a reset, a 502 or a 504 is `Unknown`: it may have happened.
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

/// A secret's stand-in: equal for equal secrets, and of no use to anybody. Short hexadecimal.
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

/// Something that was seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case", bound = "")]
pub enum Event<S: Service> {
    /// Somebody began an operation.
    Began {
        /// Which.
        id: OpId,
        /// What.
        op: S::Op,
    },
    /// It completed.
    Ended {
        /// Which.
        id: OpId,
        /// What.
        op: S::Op,
        /// How.
        seen: Seen,
        /// How long it took, milliseconds.
        took_ms: u64,
    },
    /// A fault was injected (or trouble ended).
    Fault {
        /// Which.
        fault: Fault<S>,
        /// Operations in flight at that moment: a fault that hits nothing tests nothing.
        in_flight: usize,
        /// What it was relative to, if it was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<Trigger>,
    },
    /// A Redis node changed its role, as its own process says.
    Role {
        /// Which node.
        host: String,
        /// `master` or `replica`.
        role: String,
    },
    /// A Sentinel said something, in Sentinel's own words: `+sdown`, `+switch-master`.
    Sentinel {
        /// Which Sentinel.
        host: String,
        /// Its event.
        says: String,
    },
    /// A process of the service opened or closed its port to the balancer.
    Ready {
        /// Which host.
        host: String,
        /// Whether it takes requests.
        ready: bool,
        /// Why not.
        why: String,
    },
    /// The balancer answered by itself (502, 504), or its client went away before there was an answer (499).
    Balancer {
        /// What it did and why.
        says: String,
    },
    /// Something that only this service's world has.
    #[serde(untagged)]
    Own(S::Observation),
}

/// An event, its moment and its place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Record<S: Service> {
    /// Simulated time, milliseconds from the start of the run.
    pub at_ms: u64,
    /// Who: a person, an attacker, a host, `nemesis`.
    pub who: String,
    /// What.
    #[serde(flatten)]
    pub event: Event<S>,
}

/// The whole history of a run, in order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct History<S: Service> {
    /// In the order in which it happened.
    pub records: Vec<Record<S>>,
}

impl<S: Service> Default for History<S> {
    fn default() -> History<S> {
        History { records: vec![] }
    }
}
