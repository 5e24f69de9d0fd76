//! Faults of the directory, beside those of its disk.

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
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Fault::DirectoryBusy { lasts_ms } = self;
        write!(f, "the directory is locked for {lasts_ms} ms")
    }
}

impl ServiceFault<Login> for Fault {
    const KINDS: &'static [&'static str] = &["directory-busy"];

    fn lasts_ms(&self) -> Option<u64> {
        let Fault::DirectoryBusy { lasts_ms } = self;
        Some(*lasts_ms)
    }

    fn inject(&self, control: &Control<'_, Login>) {
        let Fault::DirectoryBusy { lasts_ms } = self;
        let until_ms = control.now_ms() + lasts_ms;
        control.shared().busy_until_ms.fetch_max(until_ms, Ordering::Relaxed);
        lock(control);
    }

    fn heal(control: &Control<'_, Login>) {
        control.shared().busy_until_ms.store(0, Ordering::Relaxed);
        control.shared().directory.lock().give_back();
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
