//! Those who write at the same time commit together.
//!
//! Whoever is at the head of the queue writes, and leaves the transaction open for those behind: each writes in a savepoint of its
//! own, steps back and queues again. The first who comes to the head a second time commits for all, so that everybody who waited
//! at that moment is with them, and tells them what came of it. Somebody who is alone commits at once.

use super::{
    AttemptError, SqliteDirectory, Transaction,
    connection::{Connections, Head},
};
use rusqlite::Connection;
use seams::{Cause, Failure, StorageMoment};
use std::time::Duration;
use tokio::sync::oneshot;

/// So many commit together at most: the last one's write is the first one's wait.
const MEMBERS_MAX: usize = 64;

/// What came of a commit.
type Ended = Result<(), AttemptError>;

/// Those whose transaction is open.
pub(super) struct Group {
    /// When the lock was taken, by the monotonic clock.
    pub(super) taken_at: Duration,
    /// How many rows they have written: only if there are any does SQLite wait for the disk. A change of tables or a PRAGMA is not
    /// counted (SQLite, `total_changes`).
    rows: u64,
    members: Vec<oneshot::Sender<Ended>>,
}

impl Group {
    pub(super) fn new(taken_at: Duration) -> Group {
        Group {
            taken_at,
            rows: 0,
            members: vec![],
        }
    }

    fn is_left(&self) -> bool {
        self.members.iter().all(oneshot::Sender::is_closed)
    }
}

impl Head<'_> {
    fn is_group_full(&mut self) -> bool {
        self.group().is_some_and(|group| group.members.len() >= MEMBERS_MAX)
    }
}

/// Somebody who has written, and waits for the commit.
struct Member<'a> {
    connections: &'a Connections,
    ended: Option<oneshot::Receiver<Ended>>,
}

impl Drop for Member<'_> {
    /// Whoever is gone does not wait any more. If nobody does, nobody would commit.
    fn drop(&mut self) {
        if self.ended.take().is_none() {
            return;
        }
        // Whoever is at the head otherwise, or comes there, commits for those that are left.
        if let Some(mut head) = self.connections.free_head()
            && head.group().is_some_and(|group| group.is_left())
        {
            self.connections.roll_back();
            head.end_group();
        }
    }
}

impl SqliteDirectory {
    /// Writes, in a transaction that begins here or that others have begun, which stays open.
    pub(super) async fn write_in_group<T>(
        &self,
        head: &mut Head<'_>,
        job: impl Fn(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, AttemptError> {
        if head.is_group_full() {
            self.commit(head).await;
        }
        self.env.storage.check(StorageMoment::Begin)?;
        self.check_files()?;
        if head.group().is_some() {
            return join(head, job);
        }
        let (value, rows) = {
            let writer = head.writer();
            // IMMEDIATE takes the write lock now. A read transaction that turns into a write later
            // fails with BUSY after its reads, however long it waits.
            let transaction = Transaction::begin(&writer, "BEGIN IMMEDIATE")?;
            let before = writer.total_changes();
            let value = job(&writer)?;
            transaction.stays_open();
            (value, writer.total_changes() - before)
        };
        head.begin_group().rows = rows;
        Ok(value)
    }

    /// Steps back, and waits for the commit, or performs it.
    pub(super) async fn end_in_group(&self, mut head: Head<'_>) -> Ended {
        let (told, ended) = oneshot::channel();
        if let Some(group) = head.group() {
            group.members.push(told);
        }
        let connections = head.step_back();
        let mut member = Member {
            connections,
            ended: Some(ended),
        };
        // Nobody commits and forgets a member; whoever goes in the midst of it has written nothing.
        let undone = Err(AttemptError::Busy);
        let Some(ended) = member.ended.as_mut() else {
            return undone;
        };
        let mut head = match connections.free_head() {
            Some(head) => head,
            None => seams::select! {
                ended = &mut *ended => {
                    member.ended = None;
                    return ended.unwrap_or(undone);
                }
                head = connections.next_head() => head,
            },
        };
        if ended.is_empty() {
            self.commit(&mut head).await;
        }
        let ended = ended.try_recv().unwrap_or(undone);
        member.ended = None;
        ended
    }

    /// Commits for the group, and tells it.
    async fn commit(&self, head: &mut Head<'_>) {
        let Some(rows) = head.group().map(|group| group.rows) else {
            return;
        };
        head.begin_to_commit();
        if rows > 0
            && let Some(slow) = self.env.storage.syncing(rows)
        {
            slow.await;
        }
        let ended = self.commit_now(head, rows);
        if matches!(&ended, Err(AttemptError::Failed(failure)) if failure.is_unknown()) {
            self.env.mark("directory outcome unknown");
        }
        for member in head.end_group().into_iter().flat_map(|group| group.members) {
            let _ = member.send(ended.clone()); // it may have gone
        }
    }

    fn commit_now(&self, head: &Head<'_>, rows: u64) -> Ended {
        let storage = &self.env.storage;
        let writer = head.writer();
        let transaction = Transaction::begun(&writer); // dropping it rolls it back
        if rows == 0 {
            return Ok(transaction.commit()?);
        }
        storage.check(StorageMoment::BeforeCommit)?;
        let (mut transaction, mut committed) = (Some(transaction), Ok(()));
        storage.blocking(&mut || {
            if let Some(transaction) = transaction.take() {
                committed = transaction.commit();
            }
        });
        committed.map_err(|error| match AttemptError::from(error) {
            // The log may be on disk although the sync was reported to have failed.
            AttemptError::Failed(Failure::Fail(Cause::Storage(why))) => {
                AttemptError::Failed(Failure::Unknown(Cause::Storage(why)))
            }
            // Somebody else has the lock, or there was no room for the log: it has no commit then.
            undone => undone,
        })?;
        if self.is_replaced() {
            return Err(AttemptError::Failed(Failure::Unknown(Cause::Replaced)));
        }
        let after = storage.check(StorageMoment::AfterCommit);
        after.map_err(|fault| AttemptError::Failed(Failure::Unknown(Cause::Storage(fault.to_string()))))
    }
}

/// Writes in the transaction of others. What fails leaves theirs as it was, unless SQLite has ended it: on a full disk, for
/// example. Then nobody has written.
fn join<T>(head: &mut Head<'_>, job: impl Fn(&Connection) -> rusqlite::Result<T>) -> Result<T, AttemptError> {
    let (done, is_over) = {
        let mut writer = head.writer();
        (in_savepoint(&mut writer, job), writer.is_autocommit())
    };
    if is_over {
        head.end_group();
    } else if let (Ok((_, rows)), Some(group)) = (&done, head.group()) {
        group.rows += rows;
    }
    done.map(|(value, _)| value).map_err(AttemptError::from)
}

/// What fails is rolled back when the savepoint is dropped.
fn in_savepoint<T>(
    writer: &mut Connection,
    job: impl Fn(&Connection) -> rusqlite::Result<T>,
) -> rusqlite::Result<(T, u64)> {
    let before = writer.total_changes();
    let savepoint = writer.savepoint()?;
    let value = job(&savepoint)?;
    let rows = savepoint.total_changes() - before;
    savepoint.commit()?;
    Ok((value, rows))
}
