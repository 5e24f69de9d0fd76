//! What may go wrong below SQLite.

use super::BoxFuture;
use std::fmt;

/// Where a transaction stands when the storage is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StorageMoment {
    /// Nothing read or written yet. A fault here is a definite failure.
    Begin,
    /// Everything is written, nothing is durable. A fault here rolls back: a definite failure.
    BeforeCommit,
    /// The commit has returned. A fault here is a lost acknowledgement: the outcome is unknown.
    AfterCommit,
}

/// A fault of the storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StorageFault {
    /// Somebody holds the lock (`SQLITE_BUSY`).
    Busy,
    /// The disk failed (`SQLITE_IOERR`).
    Io,
}

impl fmt::Display for StorageFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            StorageFault::Busy => "database is locked",
            StorageFault::Io => "disk I/O error",
        })
    }
}

/// The disk under the directory. Production's never interferes; the simulation's fails on plan.
pub trait Storage: Send + Sync {
    /// Asked at each moment of each transaction.
    ///
    /// # Errors
    /// The fault that strikes there.
    fn check(&self, moment: StorageMoment) -> Result<(), StorageFault>;

    /// Asked when a commit that wrote something has returned: what is still to be waited for until it would have. With
    /// a real disk nothing, for the thread stood still in that call; where time is simulated a call takes none, and a
    /// slow disk says here how long this process stands still (inventory 28).
    fn synced(&self) -> Option<BoxFuture<'_, ()>> {
        None
    }
}
