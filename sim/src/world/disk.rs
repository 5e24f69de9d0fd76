//! The disk under the database of one of the service's processes.

use crate::engine::Caller;
use seams::{BoxFuture, DatabaseFiles, Storage, StorageFault, StorageMoment};
use std::{
    io,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};
use tokio::time::sleep;

/// The lock of a database that several hosts share. A process that is blocked in a call to a slow disk keeps it.
pub trait StorageLock: Send + Sync {
    /// Takes the lock for a process that is blocked.
    fn keep(&self);
    /// Releases the lock, because the call has returned or its process is gone.
    fn release(&self);
    /// The files that the names of the database stand for now: [`Storage::files`]. `None`: it cannot be told.
    fn files(&self, location: &str) -> Option<DatabaseFiles> {
        let _ = location;
        None
    }
    /// A process begins a transaction now, if it can: [`StorageMoment::Begin`].
    fn begins(&self) {}
    /// Performs a call that may sync, for a process that waits for it: [`Storage::blocking`].
    fn waits(&self, call: &mut dyn FnMut()) {
        call();
    }
}

/// A disk, which may be failing or slow. Clones are the same disk.
#[derive(Clone)]
pub(crate) struct Disk {
    caller: Caller,
    number: usize,
    lock: Option<Arc<dyn StorageLock>>,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    before_commit_until_ms: u64,
    after_commit_until_ms: u64,
    transactions: u64,
    slow_until_ms: u64,
    slow_by_ms: u64,
    /// How long commits block their process from the end of this millisecond on.
    blocked_ms: u64,
}

/// How long SQLite works for each row that it writes, microseconds. Measured: it deletes 120,000 rows with their indexes in 2.1 s.
/// Time is counted in whole milliseconds, so a commit of fewer than 59 rows costs nothing.
const ROW_US: u64 = 17;

impl Disk {
    /// A disk without faults. The engine is called with `number` when the process is blocked in a commit; it is blocked
    /// for [`Disk::take_blocked_ms`]. `lock` is kept meanwhile.
    pub(crate) fn new(caller: Caller, number: usize, lock: Option<Arc<dyn StorageLock>>) -> Disk {
        Disk {
            caller,
            number,
            lock,
            state: Arc::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics while holding the disk")
    }

    /// Called when the blocked call has returned, or the process is gone.
    pub(crate) fn release(&self) {
        if let Some(lock) = &self.lock {
            lock.release();
        }
    }

    /// Makes it fail until a simulated time, milliseconds.
    pub(crate) fn fail_until(&self, after_commit: bool, until_ms: u64) {
        let mut state = self.state();
        let until = match after_commit {
            true => &mut state.after_commit_until_ms,
            false => &mut state.before_commit_until_ms,
        };
        *until = (*until).max(until_ms);
    }

    /// Makes it slow until a simulated time, milliseconds; a later call replaces an earlier one.
    pub(crate) fn slow_until(&self, by_ms: u64, until_ms: u64) {
        let mut state = self.state();
        (state.slow_by_ms, state.slow_until_ms) = (by_ms, until_ms);
    }

    /// How long the commits since the last call block their process, milliseconds.
    pub(crate) fn take_blocked_ms(&self) -> u64 {
        std::mem::take(&mut self.state().blocked_ms)
    }

    /// How long a commit of so many rows takes from now on, milliseconds, if it takes any time.
    fn commit_ms(&self, rows: u64) -> Option<u64> {
        let state = self.state();
        let is_slow = self.caller.now_ms() < state.slow_until_ms;
        let slow_ms = if is_slow { state.slow_by_ms } else { 0 };
        let by_ms = rows * ROW_US / 1000 + slow_ms;
        (by_ms > 0).then_some(by_ms)
    }

    /// Ends all its faults.
    pub(crate) fn heal(&self) {
        *self.state() = State::default();
    }
}

impl Storage for Disk {
    fn files(&self, location: &str) -> io::Result<DatabaseFiles> {
        let files = self.lock.as_ref().and_then(|lock| lock.files(location));
        files.ok_or_else(|| io::Error::other("the disk does not say"))
    }

    fn check(&self, moment: StorageMoment) -> Result<(), StorageFault> {
        tell(self.lock.as_deref(), moment);
        let now_ms = self.caller.now_ms();
        let mut state = self.state();
        let fails = match moment {
            StorageMoment::Begin => {
                // Every other transaction fails with its first page, the others with their last page: reads have no
                // commit, and would otherwise never fail.
                state.transactions += 1;
                now_ms < state.before_commit_until_ms && state.transactions.is_multiple_of(2)
            }
            StorageMoment::BeforeCommit => now_ms < state.before_commit_until_ms,
            StorageMoment::AfterCommit => now_ms < state.after_commit_until_ms,
        };
        if fails { Err(StorageFault::Io) } else { Ok(()) }
    }

    /// Called when the commit is done. Nobody can see the commit yet, because the lock is kept. The process is blocked
    /// from the end of this millisecond until the disk has answered.
    fn synced(&self, rows: u64) -> Option<BoxFuture<'_, ()>> {
        let rows = if self.caller.can_pause() { rows } else { 0 };
        let by_ms = self.commit_ms(rows)?;
        {
            let mut state = self.state();
            state.blocked_ms = state.blocked_ms.max(by_ms);
        }
        if let Some(lock) = &self.lock {
            lock.keep();
        }
        self.caller.call(self.caller.now_ms(), self.number);
        Some(Box::pin(sleep(Duration::from_millis(by_ms))))
    }

    fn blocking(&self, call: &mut dyn FnMut()) {
        match &self.lock {
            Some(lock) => lock.waits(call),
            None => call(),
        }
    }

    /// The one who commits has the lock by itself.
    fn syncing(&self, rows: u64) -> Option<BoxFuture<'_, ()>> {
        let by_ms = self.commit_ms(rows)?;
        Some(Box::pin(sleep(Duration::from_millis(by_ms))))
    }
}

/// Tells whoever watches the lock of a transaction that begins.
fn tell(lock: Option<&dyn StorageLock>, moment: StorageMoment) {
    if let (Some(lock), StorageMoment::Begin) = (lock, moment) {
        lock.begins();
    }
}

/// The disk of a host that is none of the service's processes: that of an operator who works on the same database, for
/// example.
pub(crate) struct SoundDisk(pub(crate) Option<Arc<dyn StorageLock>>);

impl Storage for SoundDisk {
    fn check(&self, moment: StorageMoment) -> Result<(), StorageFault> {
        tell(self.0.as_deref(), moment);
        Ok(())
    }

    fn blocking(&self, call: &mut dyn FnMut()) {
        match &self.0 {
            Some(lock) => lock.waits(call),
            None => call(),
        }
    }
}
