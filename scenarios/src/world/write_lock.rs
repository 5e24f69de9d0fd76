//! The directory's write lock, for those who hold it although no replica of this run does, and for a replica that is blocked.

use super::directory::FILE;
use model_disk::{Disk, transaction_begins, wait_for_syncs};
use rusqlite::{Connection, OpenFlags};
use seams::DatabaseFiles;
use sim::world::StorageLock;
use std::{
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

/// The directory's write lock. A connection of its own takes it; while it is held, writers get `SQLITE_BUSY`. Clones take
/// the same lock.
///
/// The connection is open, and has read, for the whole run: a replica that is killed must not be the last one to close
/// the database, because SQLite's last connection writes the log back into the file, and a killed process does not.
#[derive(Clone)]
pub struct WriteLock(Arc<Mutex<Held>>);

/// The connection that takes it.
pub(super) struct Held {
    pub(super) connection: Connection,
    by_somebody: bool,
    by_a_call: bool,
}

impl WriteLock {
    pub(super) fn of(location: &str) -> WriteLock {
        WriteLock(Arc::new(Mutex::new(Held {
            connection: connect(location),
            by_somebody: false,
            by_a_call: false,
        })))
    }

    /// Whoever held it is gone, or holds it on files that have lost their names.
    pub(super) fn reopen(&self, location: &str) {
        *self.held() = Held {
            connection: connect(location),
            by_somebody: false,
            by_a_call: false,
        };
    }

    pub(super) fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().expect("nobody panics while holding the lock's keeper")
    }

    /// Takes the lock for another process. Returns false if a replica holds it now; no replica of the service holds it
    /// from one poll to the next.
    pub fn take(&self) -> bool {
        let mut held = self.held();
        held.by_somebody = held.begin();
        held.by_somebody
    }

    /// Releases the lock of that other process.
    pub fn give_back(&self) {
        self.held().by_somebody = false;
        self.held().end();
    }

    /// Takes the lock for a replica that is in a call that has not returned.
    fn keep(&self) {
        let mut held = self.held();
        held.by_a_call = held.begin();
    }

    /// Releases the lock of that call, because it has returned or its process is gone.
    fn returned(&self) {
        self.held().by_a_call = false;
        self.held().end();
    }
}

/// A connection that has read. Whether it could is the matter of the replicas, which read the same.
pub(super) fn connect(location: &str) -> Connection {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(location, flags).expect("a file in memory can be opened");
    connection
        .busy_timeout(Duration::ZERO)
        .expect("a connection takes a busy timeout");
    let read = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()));
    drop(read);
    connection
}

impl StorageLock for WriteLock {
    fn waits(&self, call: &mut dyn FnMut()) {
        wait_for_syncs(call);
    }
    fn begins(&self) {
        transaction_begins();
    }
    fn keep(&self) {
        WriteLock::keep(self);
    }
    fn release(&self) {
        self.returned();
    }
    fn files(&self, location: &str) -> Option<DatabaseFiles> {
        let numbers = Disk::of(location)?.identity(FILE)?;
        Some(numbers.map(|number| number.map(|number| (0, number))))
    }
}

impl Held {
    fn begin(&self) -> bool {
        transaction_begins();
        !self.connection.is_autocommit() || self.connection.execute_batch("BEGIN IMMEDIATE").is_ok()
    }

    fn end(&self) {
        if !self.by_somebody && !self.by_a_call && !self.connection.is_autocommit() {
            self.connection
                .execute_batch("ROLLBACK")
                .expect("a transaction that wrote nothing can be rolled back");
        }
    }
}
