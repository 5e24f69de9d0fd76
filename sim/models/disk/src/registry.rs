//! The disks of this process, by their numbers: SQLite knows files by their paths only.

use crate::state::State;
use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
};

static DISKS: Mutex<BTreeMap<u64, Weak<Inner>>> = Mutex::new(BTreeMap::new());

/// Locks a mutex. What it protects is whole even after a panic: a test may go on with a disk after one.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A disk, which its handle and its open files share.
pub(crate) struct Inner {
    /// `None`: a temporary file of its own, which has no name.
    number: Option<u64>,
    state: Mutex<State>,
}

impl Inner {
    /// A disk of a temporary file.
    pub(crate) fn unnamed() -> Arc<Inner> {
        Arc::new(Inner {
            number: None,
            state: Mutex::default(),
        })
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// The path of a file.
    pub(crate) fn path(&self, file: &str) -> String {
        format!("/disk-{}/{file}", self.number.unwrap_or_default())
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "disk {:?}", self.number)
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            lock(&DISKS).remove(&number);
        }
    }
}

/// A new disk.
pub(crate) fn add() -> Arc<Inner> {
    static NUMBERS: AtomicU64 = AtomicU64::new(1);
    let number = NUMBERS.fetch_add(1, Ordering::Relaxed);
    let disk = Arc::new(Inner {
        number: Some(number),
        state: Mutex::default(),
    });
    lock(&DISKS).insert(number, Arc::downgrade(&disk));
    disk
}

/// The disk of a path, and the name of the file on it.
pub(crate) fn find(path: &str) -> Option<(Arc<Inner>, &str)> {
    let (number, file) = path.strip_prefix("/disk-")?.split_once('/')?;
    let number: u64 = number.parse().ok()?;
    // The lock is released before the disk may be dropped, which takes it.
    let disk = lock(&DISKS).get(&number).and_then(Weak::upgrade)?;
    Some((disk, file))
}
