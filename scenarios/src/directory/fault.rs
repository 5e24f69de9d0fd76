//! Faults of the directory, beside those of its disk under one replica.

use crate::{login::Login, world::Shared};
use serde::{Deserialize, Serialize};
use sim::{nemesis::Control, service::ServiceFault};
use std::{
    fmt,
    sync::{MutexGuard, atomic::Ordering},
};

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
    /// A signing key in the directory cannot be used by whoever starts meanwhile; afterwards it is what it was.
    SigningKeyDamaged {
        /// In which way.
        damage: Damage,
        /// For how long, milliseconds.
        lasts_ms: u64,
    },
}

/// Why a signing key cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Damage {
    /// The key for ES256 is cut off.
    Es256,
    /// The key for RS256 is cut off.
    Rs256,
    /// A key is for an algorithm that the release does not know.
    Unknown,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::DirectoryBusy { lasts_ms } => write!(f, "the directory is locked for {lasts_ms} ms"),
            Fault::DirectoryFull { lasts_ms } => write!(f, "the directory's disk is full for {lasts_ms} ms"),
            Fault::DirectoryLogDeleted {} => write!(f, "the directory's log and its index are deleted"),
            Fault::SigningKeyDamaged { damage, lasts_ms } => {
                let what = match damage {
                    Damage::Es256 => "the signing key for ES256 is cut off",
                    Damage::Rs256 => "the signing key for RS256 is cut off",
                    Damage::Unknown => "a signing key has an algorithm that nobody knows",
                };
                write!(f, "{what} for {lasts_ms} ms")
            }
        }
    }
}

impl ServiceFault<Login> for Fault {
    const KINDS: &'static [&'static str] = &[
        "directory-busy",
        "directory-full",
        "directory-log-deleted",
        "signing-key-damaged",
    ];

    fn lasts_ms(&self) -> Option<u64> {
        match self {
            Fault::DirectoryBusy { lasts_ms }
            | Fault::DirectoryFull { lasts_ms }
            | Fault::SigningKeyDamaged { lasts_ms, .. } => Some(*lasts_ms),
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
            Fault::DirectoryLogDeleted {} => {
                let is_full = control.now_ms() < shared.full_until_ms.load(Ordering::Relaxed);
                shared.directory.lose_log(is_full);
            }
            Fault::SigningKeyDamaged { damage, lasts_ms } => {
                let damaged = Damaged {
                    how: *damage,
                    until_ms: control.now_ms() + lasts_ms,
                };
                *held(shared) = Some(damaged);
                damage_key(control);
            }
        }
    }

    fn heal(control: &Control<'_, Login>) {
        control.shared().busy_until_ms.store(0, Ordering::Relaxed);
        control.shared().directory.lock().give_back();
        control.shared().full_until_ms.store(0, Ordering::Relaxed);
        fill(control);
        if let Some(damaged) = held(control.shared()).as_mut() {
            damaged.until_ms = control.now_ms();
        }
        damage_key(control);
    }
}

/// A signing key that is damaged.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Damaged {
    pub(crate) how: Damage,
    until_ms: u64,
}

fn held(shared: &Shared) -> MutexGuard<'_, Option<Damaged>> {
    shared.damaged_key.lock().expect("nobody panics while holding it")
}

/// Somebody damages a key as soon as nobody else writes, and puts back what it was.
fn damage_key(control: &Control<'_, Login>) {
    let shared = control.shared();
    let damaged = *held(shared);
    let Some(damaged) = damaged else { return };
    let is_over = control.now_ms() >= damaged.until_ms;
    let is_done = shared.directory.damage_key((!is_over).then_some(damaged.how));
    if is_over && is_done {
        *held(shared) = None;
        return;
    }
    let next_ms = if is_done {
        damaged.until_ms
    } else {
        control.now_ms() + 1
    };
    control.at(next_ms, damage_key);
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
