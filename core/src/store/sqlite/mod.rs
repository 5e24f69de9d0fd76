//! The directory: one SQLite database that all replicas share. Connections, transactions, migrations and the
//! classification of errors are here; what is kept, and the statements for it, is in the modules ([`Schema`]).
//!
//! Every operation is one transaction, executed inline from BEGIN to COMMIT without waiting for
//! anything, so that no lock is ever held across an await (inventory 28). When somebody else has
//! the lock the whole transaction is tried again later, in async code: SQLite's own busy handler
//! would stop the thread, and under a simulated clock the lock could never be released meanwhile.
//!
//! SQL never asks SQLite for the time or for randomness: both come in as values.

mod development;
mod schema;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod value;

pub(crate) use schema::IfEmpty;
pub use schema::{Expiring, Schema};
pub(crate) use value::{list, ms, timestamp, written};

use rusqlite::{Connection, ErrorCode, OpenFlags, config::DbConfig};
use seams::{Cause, DatabaseFiles, Env, Failure, Outcome, StorageFault, StorageMoment};
use std::{
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use thiserror::Error;
use tokio::time::{Instant, sleep, timeout_at};

/// Pauses between tries, in milliseconds; the last one repeats.
const PAUSES_MS: [u64; 5] = [2, 4, 8, 16, 20];

/// Why the directory could not be opened.
#[derive(Debug, Error)]
pub enum DirectoryError {
    /// Written by a newer release, whose rules this one does not know.
    #[error("the directory has schema version {found}, this release knows versions up to {known}: run a newer release")]
    NewerSchema {
        /// What the file says.
        found: u32,
        /// What this release can read.
        known: u32,
    },
    /// No database can be kept there.
    #[error("the directory {location} cannot be opened: {error}")]
    Open {
        /// The path or URI.
        location: String,
        /// What SQLite says.
        error: rusqlite::Error,
    },
    /// The file system cannot keep a write-ahead log: a network share, perhaps.
    #[error("the directory cannot use a write-ahead log here, only \"{0}\"; put it on a local disk")]
    NoWriteAheadLog(String),
    /// It has none of our tables, and none were to be made, or it has another program's.
    #[error(
        "{location} is not a directory of this service: it is empty, or another program's; `idp init` makes a new one"
    )]
    NotOurs {
        /// The path or URI.
        location: String,
    },
    /// The schema could not be read or written in time.
    #[error("the directory cannot be prepared: {0}")]
    Prepare(Failure),
}

/// The directory in SQLite. Any number of them, in any number of processes, may share one database.
///
/// The modules implement their repositories for it, each next to its [`Schema`].
pub struct SqliteDirectory {
    env: Env,
    location: String,
    /// What was opened, if that can be told.
    files: Option<DatabaseFiles>,
    schemas: &'static [Schema],
    /// How long to wait for the lock, over all tries.
    wait: Duration,
    rows_at_once: usize,
    connection: Mutex<Connection>,
}

/// How many expired rows are deleted in one transaction: SQLite takes some milliseconds for so many.
const ROWS_AT_ONCE: usize = 500;

/// A transaction that ends with its scope. Unlike rusqlite's own, it keeps its statements prepared:
/// each transaction is short, and parsing its BEGIN and COMMIT would be a considerable part of it.
struct Transaction<'a>(&'a Connection);

impl Transaction<'_> {
    fn begin<'a>(connection: &'a Connection, begin: &str) -> rusqlite::Result<Transaction<'a>> {
        connection.prepare_cached(begin)?.execute([])?;
        Ok(Transaction(connection))
    }

    fn commit(self) -> rusqlite::Result<()> {
        self.0.prepare_cached("COMMIT")?.execute([])?;
        Ok(())
    }
}

impl Drop for Transaction<'_> {
    /// Rolls back what was not committed, also when it is the commit that failed.
    fn drop(&mut self) {
        if !self.0.is_autocommit() {
            let _ = self.0.execute_batch("ROLLBACK"); // fails only if SQLite has rolled back by itself
        }
    }
}

/// Why one attempt did not succeed.
enum AttemptError {
    /// Somebody else has the lock: nothing happened, try again.
    Busy,
    Failed(Failure),
}

impl From<rusqlite::Error> for AttemptError {
    fn from(error: rusqlite::Error) -> AttemptError {
        match error.sqlite_error_code() {
            // The last one: somebody makes or removes the write-ahead log at this moment.
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed) => {
                AttemptError::Busy
            }
            Some(ErrorCode::DiskFull) => AttemptError::Failed(Failure::Fail(Cause::DiskFull)),
            _ => AttemptError::Failed(Failure::Fail(Cause::Storage(error.to_string()))),
        }
    }
}

impl From<StorageFault> for AttemptError {
    fn from(fault: StorageFault) -> AttemptError {
        match fault {
            StorageFault::Busy => AttemptError::Busy,
            StorageFault::Io => AttemptError::Failed(Failure::Fail(Cause::Storage(fault.to_string()))),
        }
    }
}

impl SqliteDirectory {
    /// Opens the database at `location`, a path or an SQLite URI such as `file:/directory?vfs=memdb`, and brings it up
    /// to date with `schemas`. `wait` bounds the waiting for its lock, here and in every later operation:
    /// [`crate::config::Deadlines::directory`]. [`SqliteDirectory::open`] does this with the schemas of all modules.
    ///
    /// # Errors
    /// See [`DirectoryError`].
    pub async fn open_with(
        env: Env,
        location: &str,
        wait: Duration,
        schemas: &'static [Schema],
    ) -> Result<SqliteDirectory, DirectoryError> {
        SqliteDirectory::open_or(env, location, wait, schemas, IfEmpty::Fill).await
    }

    pub(crate) async fn open_or(
        env: Env,
        location: &str,
        wait: Duration,
        schemas: &'static [Schema],
        if_empty: IfEmpty,
    ) -> Result<SqliteDirectory, DirectoryError> {
        let failed = |error| DirectoryError::Open {
            location: location.to_owned(),
            error,
        };
        let mut flags =
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        flags.set(OpenFlags::SQLITE_OPEN_CREATE, if_empty == IfEmpty::Fill);
        let connection = Connection::open_with_flags(location, flags).map_err(failed)?;
        connection.set_prepared_statement_cache_capacity(64);
        // A waiting SQLite would stop the whole thread.
        connection.busy_timeout(Duration::ZERO).map_err(failed)?;
        // Plans that do not depend on bound values: without it, a statement that a partial index might
        // serve is compiled anew for each value (measured: 6 % of an idle run).
        connection
            .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
            .map_err(failed)?;
        let mut directory = SqliteDirectory {
            env,
            location: location.to_owned(),
            files: None,
            schemas,
            wait,
            rows_at_once: ROWS_AT_ONCE,
            connection: Mutex::new(connection),
        };
        let deadline = Instant::now() + wait;
        // Before anything is changed: it may be another program's.
        let found = directory.until(deadline, || Ok(schema::found(&directory.connection())?));
        let is_ours = match found.await.map_err(DirectoryError::Prepare)? {
            schema::Found::Ours => true,
            schema::Found::Nothing => if_empty == IfEmpty::Fill,
            schema::Found::Others => false,
        };
        if !is_ours {
            let location = location.to_owned();
            return Err(DirectoryError::NotOurs { location });
        }
        let mode = directory
            .until(deadline, || directory.configure())
            .await
            .map_err(DirectoryError::Prepare)?;
        if mode != "wal" && mode != "memory" {
            return Err(DirectoryError::NoWriteAheadLog(mode));
        }
        match directory.write(|t| schema::prepare(t, schemas)).await {
            Ok(Ok(())) => {
                // The log is there by now, and stays for as long as anybody has the database open.
                let files = directory.env.storage.files(location).ok();
                directory.files = files.filter(|files| files.iter().all(Option::is_some));
                Ok(directory)
            }
            Ok(Err(found)) => Err(DirectoryError::NewerSchema {
                found,
                known: schema::version(schemas),
            }),
            Err(failure) => Err(DirectoryError::Prepare(failure)),
        }
    }

    /// The same directory, whose operations wait for its lock up to `wait`: opening may take longer, because others open
    /// it at the same time.
    #[must_use]
    pub fn waiting(self, wait: Duration) -> SqliteDirectory {
        SqliteDirectory { wait, ..self }
    }

    /// The same directory, which deletes at most so many expired rows in one transaction.
    #[must_use]
    pub fn sweeping(self, rows_at_once: usize) -> SqliteDirectory {
        SqliteDirectory { rows_at_once, ..self }
    }

    pub(crate) fn rows_at_once(&self) -> usize {
        self.rows_at_once
    }

    /// The seams of the host that opened it.
    pub(crate) fn env(&self) -> &Env {
        &self.env
    }

    /// What is kept in it.
    pub(crate) fn schemas(&self) -> &'static [Schema] {
        self.schemas
    }

    fn connection(&self) -> std::sync::MutexGuard<'_, Connection> {
        self.connection.lock().expect("nobody panics while holding it")
    }

    /// Whether somebody has deleted or replaced a file of the database since it was opened. Other replicas may work on other
    /// files: what is written here they never see, and the other way round.
    fn is_replaced(&self) -> bool {
        let Some(opened) = self.files else { return false };
        self.env
            .storage
            .files(&self.location)
            .is_ok_and(|files| files != opened)
    }

    /// Settings of the connection; returns the journal's mode. Each of them may meet a lock: SQLite reads the schema first,
    /// and somebody else may make the write-ahead log at the same moment.
    fn configure(&self) -> Result<String, AttemptError> {
        let connection = self.connection();
        // FULL, not NORMAL: NORMAL may lose the last commits to a power loss, and with them the
        // memory of spent codes. Measured on Redis + SQLite: 145 us a commit against 43 us.
        connection.execute_batch("PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL;")?;
        Ok(connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?)
    }

    /// Runs a read transaction: one snapshot, however many queries.
    pub(crate) async fn read<T: Send>(
        &self,
        job: impl Fn(&Connection) -> rusqlite::Result<T> + Send + Sync,
    ) -> Outcome<T> {
        self.until(Instant::now() + self.wait, || {
            self.env.storage.check(StorageMoment::Begin)?;
            if self.is_replaced() {
                return Err(AttemptError::Failed(Failure::Fail(Cause::Replaced)));
            }
            let connection = self.connection();
            let transaction = Transaction::begin(&connection, "BEGIN")?;
            let value = job(&connection)?;
            transaction.commit()?;
            Ok(value)
        })
        .await
    }

    /// Runs a write transaction. `job` may run several times, but commits at most once.
    pub(crate) async fn write<T: Send>(
        &self,
        job: impl Fn(&Connection) -> rusqlite::Result<T> + Send + Sync,
    ) -> Outcome<T> {
        let wrote = AtomicU64::new(0);
        let result = self
            .until(Instant::now() + self.wait, || self.attempt_to_write(&job, &wrote))
            .await;
        let rows = wrote.into_inner();
        if rows > 0
            && let Some(stall) = self.env.storage.synced(rows)
        {
            stall.await;
        }
        if result.as_ref().is_err_and(Failure::is_unknown) {
            self.env.mark("directory outcome unknown");
        }
        result
    }

    /// `wrote` says how many rows a commit had to write: only if there were any does SQLite wait for the disk. A change of tables or a PRAGMA
    /// is not counted (SQLite, `total_changes`).
    fn attempt_to_write<T>(
        &self,
        job: impl Fn(&Connection) -> rusqlite::Result<T>,
        wrote: &AtomicU64,
    ) -> Result<T, AttemptError> {
        let storage = &self.env.storage;
        storage.check(StorageMoment::Begin)?;
        if self.is_replaced() {
            return Err(AttemptError::Failed(Failure::Fail(Cause::Replaced)));
        }
        let connection = self.connection();
        let changes = connection.total_changes();
        // IMMEDIATE takes the write lock now. A read transaction that turns into a write later
        // fails with BUSY after its reads, however long it waits.
        let transaction = Transaction::begin(&connection, "BEGIN IMMEDIATE")?;
        let value = job(&connection)?;
        let rows = connection.total_changes() - changes;
        if rows > 0 {
            storage.check(StorageMoment::BeforeCommit)?; // dropping the transaction rolls it back
        }
        if let Err(error) = transaction.commit() {
            return Err(match AttemptError::from(error) {
                // The log may be on disk although the sync was reported to have failed.
                AttemptError::Failed(Failure::Fail(Cause::Storage(why))) => {
                    AttemptError::Failed(Failure::Unknown(Cause::Storage(why)))
                }
                // Somebody else has the lock, or there was no room for the log: it has no commit then.
                undone => undone,
            });
        }
        wrote.store(rows, Ordering::Relaxed);
        if rows == 0 {
            return Ok(value);
        }
        if self.is_replaced() {
            return Err(AttemptError::Failed(Failure::Unknown(Cause::Replaced)));
        }
        match storage.check(StorageMoment::AfterCommit) {
            Ok(()) => Ok(value),
            Err(fault) => Err(AttemptError::Failed(Failure::Unknown(Cause::Storage(
                fault.to_string(),
            )))),
        }
    }

    /// Tries until the lock is free or the deadline has passed.
    async fn until<T>(&self, deadline: Instant, attempt: impl Fn() -> Result<T, AttemptError>) -> Outcome<T> {
        let [.., longest] = PAUSES_MS;
        let mut pauses = PAUSES_MS.into_iter();
        loop {
            match attempt() {
                Ok(value) => return Ok(value),
                Err(AttemptError::Failed(failure)) => {
                    tracing::warn!(cause = %failure, "the directory failed");
                    return Err(failure);
                }
                Err(AttemptError::Busy) => {
                    self.env.mark("directory busy");
                    let pause = pauses.next().unwrap_or(longest);
                    let paused = timeout_at(deadline, sleep(Duration::from_millis(pause))).await;
                    if paused.is_err() {
                        tracing::warn!(waited_ms = self.wait.as_millis() as u64, "the directory stayed locked");
                        return Err(Failure::Fail(Cause::Busy));
                    }
                }
            }
        }
    }
}
