//! The directory: one SQLite database that all replicas share. Connections, transactions, migrations and the
//! classification of errors are here; what is kept, and the statements for it, is in the modules ([`Schema`]).
//!
//! Every operation is one transaction, executed from BEGIN to COMMIT without waiting for anything but the disk, so that
//! no lock is held while Redis or a peer is waited for (inventory 28). Those who read have connections of their own and wait
//! for nobody; those who write wait in a queue (module `connection`). When another process has the lock the whole transaction is
//! tried again later, in async code: SQLite's own busy handler would stop the thread, and under a simulated clock the lock
//! could never be released meanwhile. A commit, which waits for the disk, is a call that may block its thread
//! ([`seams::Storage::blocking`]); everybody else goes on.
//!
//! SQL never asks SQLite for the time or for randomness: both come in as values.

mod connection;
mod development;
mod group;
mod schema;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod value;

pub(crate) use schema::IfEmpty;
pub use schema::{Expiring, Schema};
pub(crate) use value::{list, ms, timestamp, written};

use connection::Connections;
use rusqlite::{Connection, ErrorCode};
use seams::{Cause, DatabaseFiles, Env, Failure, Outcome, StorageFault, StorageMoment};
use std::time::Duration;
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
    connections: Connections,
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

    /// One that has begun already.
    fn begun(connection: &Connection) -> Transaction<'_> {
        Transaction(connection)
    }

    fn commit(self) -> rusqlite::Result<()> {
        self.0.prepare_cached("COMMIT")?.execute([])?;
        Ok(())
    }

    /// Somebody else will end it.
    fn stays_open(self) {
        std::mem::forget(self);
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
#[derive(Clone)]
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
        let connections = Connections::open(env.clock.clone(), location, if_empty == IfEmpty::Fill).map_err(failed)?;
        let mut directory = SqliteDirectory {
            env,
            location: location.to_owned(),
            files: None,
            schemas,
            wait,
            rows_at_once: ROWS_AT_ONCE,
            connections,
        };
        let deadline = Instant::now() + wait;
        // Before anything is changed: it may be another program's.
        let found = directory.until(deadline, || Ok(schema::found(&directory.connections.writer())?));
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
        let connection = self.connections.writer();
        // FULL, not NORMAL: NORMAL may lose the last commits to a power loss, and with them the
        // memory of spent codes. Measured on Redis + SQLite: 145 us a commit against 43 us.
        connection.execute_batch("PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL;")?;
        Ok(connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?)
    }

    /// Fails if the files that everybody opens now are not those that were opened here.
    fn check_files(&self) -> Result<(), AttemptError> {
        if self.is_replaced() {
            self.connections.forget_readers();
            return Err(AttemptError::Failed(Failure::Fail(Cause::Replaced)));
        }
        Ok(())
    }

    /// Runs a read transaction: one snapshot, however many queries.
    pub(crate) async fn read<T: Send>(
        &self,
        job: impl Fn(&Connection) -> rusqlite::Result<T> + Send + Sync,
    ) -> Outcome<T> {
        self.until(Instant::now() + self.wait, || {
            self.env.storage.check(StorageMoment::Begin)?;
            self.check_files()?;
            self.connections.reading(|connection| {
                let transaction = Transaction::begin(connection, "BEGIN")?;
                let value = job(connection)?;
                transaction.commit()?;
                Ok(value)
            })
        })
        .await
    }

    /// Runs a write transaction. `job` may run several times, but commits at most once.
    pub(crate) async fn write<T: Send>(
        &self,
        job: impl Fn(&Connection) -> rusqlite::Result<T> + Send + Sync,
    ) -> Outcome<T> {
        let mut tries = self.tries(Instant::now() + self.wait);
        loop {
            let Ok(mut head) = self.connections.head(tries.deadline).await else {
                tracing::warn!(
                    waited_ms = self.wait.as_millis() as u64,
                    "the queue of the directory's writers is long"
                );
                return Err(Failure::Fail(Cause::Busy));
            };
            let written = loop {
                match self.write_in_group(&mut head, &job).await {
                    Ok(value) => break Ok(value),
                    Err(error) if head.group().is_some() => break Err(error),
                    Err(error) => tries.again(error).await?,
                }
            };
            let ended = match written {
                Ok(value) => self.end_in_group(head).await.map(|()| value),
                Err(error) => {
                    drop(head); // the others need not wait for this one
                    Err(error)
                }
            };
            match ended {
                Ok(value) => return Ok(value),
                Err(error) => tries.again(error).await?,
            }
        }
    }

    /// Tries until the lock is free or the deadline has passed.
    async fn until<T>(&self, deadline: Instant, attempt: impl Fn() -> Result<T, AttemptError>) -> Outcome<T> {
        let mut tries = self.tries(deadline);
        loop {
            match attempt() {
                Ok(value) => return Ok(value),
                Err(error) => tries.again(error).await?,
            }
        }
    }

    fn tries(&self, deadline: Instant) -> Tries<'_> {
        Tries {
            directory: self,
            deadline,
            made: 0,
        }
    }
}

/// Tries to do something although another process may have the lock.
struct Tries<'a> {
    directory: &'a SqliteDirectory,
    deadline: Instant,
    made: usize,
}

impl Tries<'_> {
    /// Waits for the next try if that may help.
    async fn again(&mut self, error: AttemptError) -> Result<(), Failure> {
        match error {
            AttemptError::Failed(failure) => {
                tracing::warn!(cause = %failure, "the directory failed");
                Err(failure)
            }
            AttemptError::Busy => {
                self.directory.env.mark("directory busy");
                let pause = PAUSES_MS[self.made.min(PAUSES_MS.len() - 1)];
                self.made += 1;
                let paused = timeout_at(self.deadline, sleep(Duration::from_millis(pause))).await;
                paused.map_err(|_| {
                    let waited_ms = self.directory.wait.as_millis() as u64;
                    tracing::warn!(waited_ms, "the directory stayed locked");
                    Failure::Fail(Cause::Busy)
                })
            }
        }
    }
}
