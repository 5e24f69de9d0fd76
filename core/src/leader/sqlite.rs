//! Epoch, reminders and expiry in SQLite (inventory 29, 31).
//!
//! Each effect is judged by the rows that it changed, never by a read beforehand (inventory 27).

use super::{EpochRepository, ExpiryRepository, LeaderEpoch, Reminder, ReminderClaim, ReminderRepository};
use crate::store::sqlite::{Expiring, Schema, SqliteDirectory, ms, timestamp};
use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, params};
use seams::{Cause, Failure, Outcome, Timestamp};
use std::time::Duration;
use tokio::time::sleep;

/// Between two deletions of one sweep: longer than others wait between two tries to get the lock.
const PAUSE: Duration = Duration::from_millis(50);
/// How long claimed reminders are kept, so that adding one again does not send it again.
const REMINDERS_KEPT_FOR: Duration = Duration::from_secs(30 * 24 * 3600);

pub(crate) const SCHEMA: Schema = Schema {
    matter: "leader",
    statements: &[
        (
            1,
            "CREATE TABLE leader (
            one INTEGER PRIMARY KEY CHECK (one = 1),
            epoch INTEGER NOT NULL,
            holder TEXT NOT NULL
        ) STRICT;

        CREATE TABLE reminders (
            id TEXT PRIMARY KEY,
            user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
            address TEXT NOT NULL,
            text TEXT NOT NULL,
            due INTEGER NOT NULL,
            claimed_epoch INTEGER,
            claimed_at INTEGER,
            sent INTEGER NOT NULL DEFAULT 0,
            UNIQUE (user_id, due)
        ) STRICT;
        CREATE INDEX reminders_by_due ON reminders (due) WHERE claimed_epoch IS NULL;",
        ),
        (
            3,
            // How often it was tried: those that fail again and again must not keep others from being sent.
            "ALTER TABLE reminders ADD COLUMN tries INTEGER NOT NULL DEFAULT 0;",
        ),
        (
            5,
            // Sweeps look for those that are to be deleted.
            "CREATE INDEX reminders_claimed ON reminders (due) WHERE claimed_epoch IS NOT NULL;",
        ),
    ],
    expiring: &[Expiring {
        table: "reminders",
        when: "due <= ?1 AND claimed_epoch IS NOT NULL",
        kept_for: REMINDERS_KEPT_FOR,
    }],
};

fn newest_epoch(t: &Connection) -> rusqlite::Result<LeaderEpoch> {
    let epoch: Option<i64> = t
        .prepare_cached("SELECT epoch FROM leader WHERE one = 1")?
        .query_row([], |row| row.get(0))
        .optional()?;
    Ok(LeaderEpoch(epoch.unwrap_or(0) as u64))
}

#[async_trait]
impl EpochRepository for SqliteDirectory {
    async fn begin_epoch(&self, holder: &str) -> Outcome<LeaderEpoch> {
        self.write(|t| {
            t.prepare_cached(
                "INSERT INTO leader (one, epoch, holder) VALUES (1, 1, ?1)
                 ON CONFLICT (one) DO UPDATE SET epoch = epoch + 1, holder = excluded.holder RETURNING epoch",
            )?
            .query_row([holder], |row| Ok(LeaderEpoch(row.get(0)?)))
        })
        .await
    }

    async fn newest_epoch(&self) -> Outcome<LeaderEpoch> {
        self.read(newest_epoch).await
    }
}

// A claim belongs to the epoch that took it: nobody else can finish it or give it back, and its
// owner may do so even after a newer leader has taken over, for what it reports is true either way.
#[async_trait]
impl ReminderRepository for SqliteDirectory {
    async fn add_reminder(&self, reminder: Reminder) -> Outcome<bool> {
        self.write(|t| {
            let rows = t
                .prepare_cached(
                    "INSERT INTO reminders (id, user_id, address, text, due) VALUES (?1, ?2, ?3, ?4, ?5)
                     ON CONFLICT DO NOTHING",
                )?
                .execute(params![
                    reminder.id,
                    reminder.user_id,
                    reminder.address,
                    reminder.text,
                    ms(reminder.due)
                ])?;
            Ok(rows == 1)
        })
        .await
    }

    async fn due_reminders(&self, now: Timestamp, limit: usize) -> Outcome<Vec<Reminder>> {
        self.read(|t| {
            t.prepare_cached(
                "SELECT id, user_id, address, text, due FROM reminders
                 WHERE claimed_epoch IS NULL AND due <= ?1 ORDER BY tries, due, id LIMIT ?2",
            )?
            .query_map(params![ms(now), limit as i64], |row| {
                Ok(Reminder {
                    id: row.get("id")?,
                    user_id: row.get("user_id")?,
                    address: row.get("address")?,
                    text: row.get("text")?,
                    due: timestamp(row, "due")?,
                })
            })?
            .collect()
        })
        .await
    }

    async fn claim_reminder(&self, id: &str, epoch: LeaderEpoch, now: Timestamp) -> Outcome<ReminderClaim> {
        let claim = self
            .write(|t| {
                let rows = t
                    .prepare_cached(
                        "UPDATE reminders SET claimed_epoch = ?2, claimed_at = ?3
                         WHERE id = ?1 AND claimed_epoch IS NULL
                           AND (SELECT epoch FROM leader WHERE one = 1) = ?2",
                    )?
                    .execute(params![id, epoch.0, ms(now)])?;
                Ok(match rows {
                    1 => ReminderClaim::Claimed,
                    _ if newest_epoch(t)? != epoch => ReminderClaim::Fenced,
                    _ => ReminderClaim::Taken,
                })
            })
            .await?;
        if claim == ReminderClaim::Fenced {
            self.env().mark("epoch fenced");
        }
        Ok(claim)
    }

    async fn finish_reminder(&self, id: &str, epoch: LeaderEpoch) -> Outcome<bool> {
        self.write(|t| {
            let rows = t
                .prepare_cached("UPDATE reminders SET sent = 1 WHERE id = ?1 AND claimed_epoch = ?2 AND sent = 0")?
                .execute(params![id, epoch.0])?;
            Ok(rows == 1)
        })
        .await
    }

    async fn unclaim_reminder(&self, id: &str, epoch: LeaderEpoch) -> Outcome<bool> {
        self.write(|t| {
            let rows = t
                .prepare_cached(
                    "UPDATE reminders SET claimed_epoch = NULL, claimed_at = NULL, tries = tries + 1
                     WHERE id = ?1 AND claimed_epoch = ?2 AND sent = 0",
                )?
                .execute(params![id, epoch.0])?;
            Ok(rows == 1)
        })
        .await
    }
}

#[async_trait]
impl ExpiryRepository for SqliteDirectory {
    async fn sweep(&self, epoch: LeaderEpoch, now: Timestamp) -> Outcome<u64> {
        let mut swept = 0;
        loop {
            let rows = self.sweep_some(epoch, now).await?;
            swept += rows as u64;
            if rows < self.rows_at_once() {
                return Ok(swept);
            }
            self.env().mark("a sweep goes on");
            sleep(PAUSE).await;
        }
    }
}

impl SqliteDirectory {
    /// Deletes as many rows as it may at once, and says how many it were.
    async fn sweep_some(&self, epoch: LeaderEpoch, now: Timestamp) -> Outcome<usize> {
        let swept = self
            .write(|t| {
                if newest_epoch(t)? != epoch {
                    return Ok(None);
                }
                let mut rows = 0;
                for Expiring { table, when, kept_for } in self.schemas().iter().flat_map(|schema| schema.expiring) {
                    let before = ms(now).saturating_sub(kept_for.as_millis() as i64);
                    let delete =
                        format!("DELETE FROM {table} WHERE rowid IN (SELECT rowid FROM {table} WHERE {when} LIMIT ?2)");
                    let left = (self.rows_at_once() - rows) as i64;
                    rows += t.prepare_cached(&delete)?.execute([before, left])?;
                }
                Ok(Some(rows))
            })
            .await?;
        swept.ok_or_else(|| {
            self.env().mark("epoch fenced");
            Failure::Fail(Cause::Refused("a newer leader exists".into()))
        })
    }
}

#[cfg(test)]
mod tests;
