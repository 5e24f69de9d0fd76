//! Faults of the directory, beside those of its disk under one replica.

use crate::login::Login;
use serde::{Deserialize, Serialize};
use sim::{nemesis::Control, service::ServiceFault};
use std::{fmt, sync::atomic::Ordering};

/// A fault of the directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Fault {
    /// Somebody else holds the directory's write lock (`SQLITE_BUSY`).
    DirectoryBusy {
        /// For how long, milliseconds.
        lasts_ms: u64,
    },
    /// The disk of the directory has no room for more (`SQLITE_FULL`). What is there can be read.
    DirectoryFull {
        /// For how long, milliseconds.
        lasts_ms: u64,
    },
    /// Somebody deletes the directory's write-ahead log and its index while they are in use. Whoever has them open goes on with
    /// them until it starts again; whoever opens the directory gets others.
    DirectoryLogDeleted {},
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::DirectoryBusy { lasts_ms } => write!(f, "the directory is locked for {lasts_ms} ms"),
            Fault::DirectoryFull { lasts_ms } => write!(f, "the directory's disk is full for {lasts_ms} ms"),
            Fault::DirectoryLogDeleted {} => write!(f, "the directory's log and its index are deleted"),
        }
    }
}

impl ServiceFault<Login> for Fault {
    const KINDS: &'static [&'static str] = &["directory-busy", "directory-full", "directory-log-deleted"];

    fn lasts_ms(&self) -> Option<u64> {
        match self {
            Fault::DirectoryBusy { lasts_ms } | Fault::DirectoryFull { lasts_ms } => Some(*lasts_ms),
            Fault::DirectoryLogDeleted {} => None,
        }
    }

    fn inject(&self, control: &Control<'_, Login>) {
        let shared = control.shared();
        match self {
            Fault::DirectoryBusy { lasts_ms } => {
                let until_ms = control.now_ms() + lasts_ms;
                shared.busy_until_ms.fetch_max(until_ms, Ordering::Relaxed);
                lock(control);
            }
            Fault::DirectoryFull { lasts_ms } => {
                let until_ms = control.now_ms() + lasts_ms;
                shared.full_until_ms.fetch_max(until_ms, Ordering::Relaxed);
                fill(control);
            }
            Fault::DirectoryLogDeleted {} => shared.directory.lose_log(),
        }
    }

    fn heal(control: &Control<'_, Login>) {
        control.shared().busy_until_ms.store(0, Ordering::Relaxed);
        control.shared().directory.lock().give_back();
        control.shared().full_until_ms.store(0, Ordering::Relaxed);
        fill(control);
    }
}

/// Another connection takes the write lock as soon as it is free, and keeps it until `busy_until_ms`.
fn lock(control: &Control<'_, Login>) {
    let shared = control.shared();
    let (now_ms, until_ms) = (control.now_ms(), shared.busy_until_ms.load(Ordering::Relaxed));
    let write_lock = shared.directory.lock();
    if now_ms >= until_ms {
        write_lock.give_back();
        return;
    }
    let next_ms = if write_lock.take() { until_ms } else { now_ms + 1 };
    control.at(next_ms, lock);
}

/// Somebody's files take all the room until `full_until_ms`.
fn fill(control: &Control<'_, Login>) {
    let shared = control.shared();
    let until_ms = shared.full_until_ms.load(Ordering::Relaxed);
    let is_full = control.now_ms() < until_ms;
    shared.directory.fill(is_full);
    if is_full {
        control.at(until_ms, fill);
    }
}
