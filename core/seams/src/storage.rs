//! What may go wrong below SQLite.

use super::BoxFuture;
use std::{fmt, io};

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

/// The disk under the database. Production's adds no faults; the simulation's fails as planned.
pub trait Storage: Send + Sync {
    /// Asked at each moment of each transaction.
    ///
    /// # Errors
    /// The fault at that moment.
    fn check(&self, moment: StorageMoment) -> Result<(), StorageFault>;

    /// Asked when a commit that wrote something has returned, and nobody but its caller's thread performs it: what to wait
    /// for because the disk is slow. With a real disk nothing, for the call itself has blocked the thread; a simulated call
    /// takes no time, and the simulated disk returns here how long this process is blocked (inventory 28). `rows` were inserted,
    /// changed or deleted.
    fn synced(&self, rows: u64) -> Option<BoxFuture<'_, ()>> {
        let _ = rows;
        None
    }

    /// The same for a commit that is performed by [`Storage::blocking`], asked just before it, with the transaction open and
    /// the database locked: only whoever waits for this commit, or for the lock, is kept waiting by a slow disk.
    fn syncing(&self, rows: u64) -> Option<BoxFuture<'_, ()>> {
        let _ = rows;
        None
    }

    /// Performs a call that may block its thread for as long as the disk takes, so that everything else goes on: a real one
    /// takes its thread out of those that everybody shares.
    fn blocking(&self, call: &mut dyn FnMut()) {
        call();
    }

    /// The files that the names of a database stand for now. SQLite goes on with the files that it has opened, although
    /// somebody has deleted them or put others in their place, and whoever opens the database then gets others (inventory
    /// 27).
    ///
    /// # Errors
    /// It cannot be told at present.
    fn files(&self, location: &str) -> io::Result<DatabaseFiles> {
        let _ = location;
        Ok(DatabaseFiles::default())
    }
}

/// A file: no other one has these numbers while it is open. Device and inode, for example.
pub type FileId = (u64, u64);

/// The files of a database: itself, its write-ahead log, and the log's index. `None`: there is none.
pub type DatabaseFiles = [Option<FileId>; 3];
