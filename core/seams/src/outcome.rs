//! The three outcomes of asking somebody else to do something.

use std::{io, time::Duration};
use thiserror::Error;

/// Done with a value, [`Failure::Fail`] (it definitely did not happen) or [`Failure::Unknown`] (it
/// may or may not have happened).
pub type Outcome<T> = Result<T, Failure>;

/// Not known to be done.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Failure {
    /// It definitely did not happen.
    #[error("not done: {0}")]
    Fail(Cause),
    /// It may or may not have happened. Never to be retried blindly on something that consumes.
    #[error("outcome unknown: {0}")]
    Unknown(Cause),
}

impl Failure {
    /// What was wrong.
    pub fn cause(&self) -> &Cause {
        match self {
            Failure::Fail(cause) | Failure::Unknown(cause) => cause,
        }
    }

    /// Whether it may have happened nevertheless.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Failure::Unknown(_))
    }
}

/// Why something was not done, or is not known to be.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Cause {
    /// No connection could be made.
    #[error("{0} is unreachable")]
    Unreachable(String),
    /// No Sentinel named a master.
    #[error("no sentinel names a master")]
    NoMaster,
    /// A Sentinel refused to say who is master, and no other said it.
    #[error("sentinel {sentinel} refuses: {why}")]
    SentinelRefuses {
        /// Which one: host and port.
        sentinel: String,
        /// What it answered: NOAUTH, WRONGPASS, NOPERM; or why there is no TLS with it.
        why: String,
    },
    /// The deadline passed.
    #[error("{what} took longer than {}", human_ms(*limit_ms))]
    Deadline {
        /// What was waited for.
        what: &'static str,
        /// How long, in milliseconds.
        limit_ms: u64,
    },
    /// The connection broke while an answer was awaited.
    #[error("connection lost: {0}")]
    ConnectionLost(String),
    /// The server refused: READONLY, NOREPLICAS, LOADING, MASTERDOWN.
    #[error("refused: {0}")]
    Refused(String),
    /// The server is the right one, and refuses every write of everybody for the time being: OOM, MISCONF, NOREPLICAS.
    #[error("refused: {0}")]
    WritesRefused(String),
    /// The server refused, and will always do so: an address that does not exist (RFC 5321 section 4.2.1, a reply of the
    /// 500s).
    #[error("refused for good: {0}")]
    RefusedForGood(String),
    /// The server answered something that the protocol does not allow here.
    #[error("unexpected answer: {0}")]
    Protocol(String),
    /// The directory is locked by another writer.
    #[error("the directory is locked")]
    Busy,
    /// The directory's disk has no room for more.
    #[error("the directory's disk is full")]
    DiskFull,
    /// This host's clock is so far from the store's that one of them is wrong, milliseconds.
    #[error("this clock is {} Redis's", human_distance(*ahead_ms))]
    ClockApart {
        /// By how much it is ahead; negative: behind.
        ahead_ms: i64,
    },
    /// Its files are not those any more that this replica has open.
    #[error("the directory's files were deleted or replaced")]
    Replaced,
    /// The directory's disk failed.
    #[error("the directory failed: {0}")]
    Storage(String),
    /// A bounded queue has no room.
    #[error("the {0} queue is full")]
    Full(&'static str),
}

fn human_ms(ms: u64) -> String {
    if ms.is_multiple_of(1000) {
        format!("{} s", ms / 1000)
    } else {
        format!("{ms} ms")
    }
}

fn human_distance(ahead_ms: i64) -> String {
    let seconds = ahead_ms.unsigned_abs() / 1000;
    match ahead_ms {
        0.. => format!("{seconds} s ahead of"),
        _ => format!("{seconds} s behind"),
    }
}

/// Waits for `work` no longer than `limit`.
///
/// # Errors
/// [`Cause::Deadline`]; the caller knows whether the work may have been done nevertheless.
pub async fn within<T>(limit: Duration, what: &'static str, work: impl Future<Output = T>) -> Result<T, Cause> {
    tokio::time::timeout(limit, work).await.map_err(|_| Cause::Deadline {
        what,
        limit_ms: limit.as_millis() as u64,
    })
}

impl From<io::Error> for Cause {
    fn from(error: io::Error) -> Cause {
        Cause::ConnectionLost(error.to_string())
    }
}
