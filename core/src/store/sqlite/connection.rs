//! Connections to the database: one that writes, behind a queue, and as many that read as are needed at once.
//!
//! With a write-ahead log those who read wait for nobody. Those who write wait in a queue, and those who wait together commit
//! together ([`group`](super::group)): what takes time is that the disk is asked, not what it is given. SQLite's write lock is
//! not fair: it goes to whoever asks first after it is free, and a process with many writers would ask more often than the
//! others, and at once after its own commit. So one writer of a process asks at a time, and after commits that took long the
//! process leaves the lock alone until every other that waits for it has asked.

use super::{PAUSES_MS, group::Group};
use rusqlite::{Connection, OpenFlags, config::DbConfig};
use seams::Clock;
use std::{
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};
use tokio::{
    sync::MutexGuard as Turn,
    time::{Instant, error::Elapsed, sleep, timeout_at},
};

/// So many connections that read are kept open.
const READERS_KEPT: usize = 8;
/// A commit that takes longer gives the others a turn.
const LONG: Duration = Duration::from_millis(20);
/// And so do shorter ones, if one follows the other for so long.
const LONG_IN_ALL: Duration = Duration::from_millis(100);
/// Longer than the longest pause between two tries of another process.
const TURN: Duration = Duration::from_millis(PAUSES_MS[PAUSES_MS.len() - 1] + 2);

/// The connections of one process.
pub(super) struct Connections {
    clock: Arc<dyn Clock>,
    location: String,
    writer: Mutex<Connection>,
    queue: tokio::sync::Mutex<Queue>,
    /// Those that nobody reads with now.
    readers: Mutex<Vec<Connection>>,
    /// The one that is read with when no other can be opened: a process may have no file descriptor left.
    last_reader: Mutex<Connection>,
}

/// Who writes next.
#[derive(Default)]
pub(super) struct Queue {
    turns: Turns,
    /// Those who have written, and whose transaction is open still.
    group: Option<Group>,
}

/// When this process had the lock, by its monotonic clock.
#[derive(Default)]
struct Turns {
    /// Since when it has had it without leaving it to others for a [`TURN`].
    since: Option<Duration>,
    left_at: Option<Duration>,
    /// Until when it is left to others.
    others_until: Option<Duration>,
}

impl Turns {
    /// The lock was taken.
    fn take(&mut self, now: Duration) {
        let is_new = self.left_at.is_none_or(|left_at| now - left_at >= TURN);
        if is_new || self.since.is_none() {
            self.since = Some(now);
        }
    }

    /// It was released; it had been taken at `taken_at`.
    fn leave(&mut self, taken_at: Duration, now: Duration) {
        self.left_at = Some(now);
        let in_all = self.since.map_or(Duration::ZERO, |since| now - since);
        if now - taken_at > LONG || in_all > LONG_IN_ALL {
            self.others_until = Some(now + TURN);
            self.since = None;
        }
    }
}

/// A place at the head of the queue.
pub(super) struct Head<'a> {
    connections: &'a Connections,
    queue: Turn<'a, Queue>,
    is_committing: bool,
}

impl<'a> Head<'a> {
    /// The connection that writes.
    pub(super) fn writer(&self) -> MutexGuard<'_, Connection> {
        self.connections.writer()
    }

    /// Those who have written before.
    pub(super) fn group(&mut self) -> Option<&mut Group> {
        self.queue.group.as_mut()
    }

    /// Begins a group: the lock of the database was taken.
    pub(super) fn begin_group(&mut self) -> &mut Group {
        let now = self.connections.clock.monotonic();
        self.queue.turns.take(now);
        self.queue.group.insert(Group::new(now))
    }

    /// Whoever goes from now on takes what was written along.
    pub(super) fn begin_to_commit(&mut self) {
        self.is_committing = true;
    }

    /// The transaction has ended.
    pub(super) fn end_group(&mut self) -> Option<Group> {
        self.is_committing = false;
        let group = self.queue.group.take()?;
        let now = self.connections.clock.monotonic();
        self.queue.turns.leave(group.taken_at, now);
        Some(group)
    }

    /// Lets the next one go on.
    pub(super) fn step_back(self) -> &'a Connections {
        self.connections
    }
}

impl Drop for Head<'_> {
    /// If whoever commits is gone in the midst of it, nothing is written, and the others of the group try again.
    fn drop(&mut self) {
        if self.is_committing {
            self.connections.roll_back();
            self.end_group();
        }
    }
}

impl Connections {
    /// Opens one that writes. `may_create`: the file is made if there is none.
    pub(super) fn open(clock: Arc<dyn Clock>, location: &str, may_create: bool) -> rusqlite::Result<Connections> {
        let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
        flags.set(OpenFlags::SQLITE_OPEN_CREATE, may_create);
        let writer = Mutex::new(connect(location, flags)?);
        let last_reader = Mutex::new(connect(location, OpenFlags::SQLITE_OPEN_READ_WRITE)?);
        Ok(Connections {
            clock,
            location: location.to_owned(),
            writer,
            last_reader,
            queue: tokio::sync::Mutex::default(),
            readers: Mutex::default(),
        })
    }

    /// The connection that writes, for those who wait for no lock: nobody else has it open in a transaction while the queue's
    /// head is held.
    pub(super) fn writer(&self) -> MutexGuard<'_, Connection> {
        self.writer.lock().expect("nobody panics while holding it")
    }

    /// Waits for the head of the queue, first come, first served.
    pub(super) async fn head(&self, deadline: Instant) -> Result<Head<'_>, Elapsed> {
        let mut queue = match self.queue.try_lock() {
            Ok(queue) => queue, // nobody waits
            Err(_) => timeout_at(deadline, self.queue.lock()).await?,
        };
        if queue.group.is_none()
            && let Some(others_until) = queue.turns.others_until.take()
        {
            let left = others_until.saturating_sub(self.clock.monotonic());
            timeout_at(deadline, sleep(left)).await?;
        }
        Ok(self.at_head(queue))
    }

    /// The head of the queue, if nobody is there and nobody waits for it.
    pub(super) fn free_head(&self) -> Option<Head<'_>> {
        self.queue.try_lock().ok().map(|queue| self.at_head(queue))
    }

    /// Waits for the head of the queue without an end, behind all who wait now.
    pub(super) async fn next_head(&self) -> Head<'_> {
        self.at_head(self.queue.lock().await)
    }

    fn at_head<'a>(&'a self, queue: Turn<'a, Queue>) -> Head<'a> {
        Head {
            connections: self,
            queue,
            is_committing: false,
        }
    }

    /// Ends a transaction without a trace.
    pub(super) fn roll_back(&self) {
        let writer = self.writer();
        if !writer.is_autocommit() {
            let _ = writer.execute_batch("ROLLBACK"); // fails only if SQLite has rolled back by itself
        }
    }

    fn readers(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.readers.lock().expect("nobody panics while holding them")
    }

    /// Reads with a connection that nobody else reads with at the same time.
    pub(super) fn reading<T, E>(&self, read: impl FnOnce(&Connection) -> Result<T, E>) -> Result<T, E> {
        let kept = self.readers().pop();
        let opened = || connect(&self.location, OpenFlags::SQLITE_OPEN_READ_WRITE).ok();
        let Some(reader) = kept.or_else(opened) else {
            return read(&self.last_reader.lock().expect("nobody panics while holding it"));
        };
        let found = read(&reader);
        let mut readers = self.readers();
        if readers.len() < READERS_KEPT {
            readers.push(reader);
        }
        found
    }

    /// Closes those that read: their files have been replaced, perhaps before they were opened.
    pub(super) fn forget_readers(&self) {
        self.readers().clear();
    }
}

fn connect(location: &str, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let flags = flags | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(location, flags)?;
    connection.set_prepared_statement_cache_capacity(64);
    // A waiting SQLite would stop the whole thread.
    connection.busy_timeout(Duration::ZERO)?;
    // Plans that do not depend on bound values: without it, a statement that a partial index might
    // serve is compiled anew for each value (measured: 6 % of an idle run).
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_is_left_to_others_after_a_long_commit_and_after_many_short_ones() {
        let ms = Duration::from_millis;
        let now = Duration::from_secs(7);
        let mut queue = Turns::default();
        queue.take(now);
        queue.leave(now, now + ms(20));
        assert_eq!(queue.others_until, None, "no longer than others wait");
        queue.take(now + ms(50));
        queue.leave(now + ms(50), now + ms(71));
        assert_eq!(queue.others_until.take(), Some(now + ms(93)));

        let mut at = now + ms(1000);
        for _ in 0..10 {
            queue.take(at);
            queue.leave(at, at + ms(10));
            assert_eq!(queue.others_until, None);
            at += ms(10);
        }
        queue.take(at);
        queue.leave(at, at + ms(1));
        assert!(queue.others_until.is_some(), "one after the other for more than 100 ms");
    }
}
