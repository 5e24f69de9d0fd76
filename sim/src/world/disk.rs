//! The disk under one replica's view of the directory.

use super::directory::WriteLock;
use crate::engine::Caller;
use seams::{BoxFuture, Storage, StorageFault, StorageMoment};
use std::{
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};
use tokio::time::sleep;

/// A disk: sound, failing, or slow. Clones are the same one.
#[derive(Clone)]
pub(crate) struct Disk {
    caller: Caller,
    stall: usize,
    lock: WriteLock,
    manners: Arc<Mutex<Manners>>,
}

#[derive(Default)]
struct Manners {
    before_commit_until_ms: u64,
    after_commit_until_ms: u64,
    transactions: u64,
    slow_until_ms: u64,
    slow_by_ms: u64,
}

impl Disk {
    /// A sound disk. Whoever answers the engine's calls is called by the number `stall` when the process begins to
    /// stand still in a commit, for so long as [`Disk::slow_by_ms`] says; `lock` is kept for it meanwhile.
    pub(crate) fn new(caller: Caller, stall: usize, lock: WriteLock) -> Disk {
        Disk {
            caller,
            stall,
            lock,
            manners: Arc::default(),
        }
    }

    fn manners(&self) -> MutexGuard<'_, Manners> {
        self.manners.lock().expect("nobody panics while holding the disk")
    }

    /// Fails until a moment of simulated time.
    pub(crate) fn fail_until(&self, after_commit: bool, until_ms: u64) {
        let mut manners = self.manners();
        let until = match after_commit {
            true => &mut manners.after_commit_until_ms,
            false => &mut manners.before_commit_until_ms,
        };
        *until = (*until).max(until_ms);
    }

    /// Is slow until a moment of simulated time; the last word counts.
    pub(crate) fn slow_until(&self, by_ms: u64, until_ms: u64) {
        let mut manners = self.manners();
        (manners.slow_by_ms, manners.slow_until_ms) = (by_ms, until_ms);
    }

    /// How much longer a commit takes, milliseconds.
    pub(crate) fn slow_by_ms(&self) -> u64 {
        self.manners().slow_by_ms
    }

    /// Is sound again.
    pub(crate) fn heal(&self) {
        *self.manners() = Manners::default();
    }
}

impl Storage for Disk {
    fn check(&self, moment: StorageMoment) -> Result<(), StorageFault> {
        let now_ms = self.caller.now_ms();
        let mut manners = self.manners();
        let fails = match moment {
            StorageMoment::Begin => {
                // every other transaction fails with its first page, the others with their last:
                // reads have no commit, and would otherwise never fail
                manners.transactions += 1;
                now_ms < manners.before_commit_until_ms && manners.transactions.is_multiple_of(2)
            }
            StorageMoment::BeforeCommit => now_ms < manners.before_commit_until_ms,
            StorageMoment::AfterCommit => now_ms < manners.after_commit_until_ms,
        };
        if fails { Err(StorageFault::Io) } else { Ok(()) }
    }

    /// The commit is there and nobody can see it, for the lock is kept; the process stands still from the end of this
    /// millisecond on, and what it does next it does when the disk has answered.
    fn synced(&self) -> Option<BoxFuture<'_, ()>> {
        let now_ms = self.caller.now_ms();
        let by_ms = {
            let manners = self.manners();
            manners.slow_by_ms * u64::from(now_ms < manners.slow_until_ms)
        };
        if by_ms == 0 {
            return None;
        }
        self.lock.keep();
        self.caller.call(now_ms, self.stall);
        Some(Box::pin(sleep(Duration::from_millis(by_ms))))
    }
}
