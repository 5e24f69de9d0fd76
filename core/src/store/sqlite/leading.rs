//! What only the leader does, and the epoch that fences it (inventory 29, 31).
//!
//! Each effect is judged by the rows it touched, never by a look beforehand (inventory 27).

use super::time::{ms, timestamp};
use crate::seams::{LeaderEpoch, Reminder, ReminderClaim, Timestamp};
use rusqlite::{Connection, OptionalExtension, Result, params};
use std::time::Duration;

/// How much longer than asked the ledger remembers. Forgetting is judged by the leader's wall
/// clock: if that is wrong by an hour, a code that came back on a promoted Redis must still be
/// known to be spent (inventory 49).
const LEDGER_MARGIN: Duration = Duration::from_secs(24 * 3600);

/// How long reminders that were dealt with are kept, so that adding one again does not send it again.
const REMINDER_MEMORY: Duration = Duration::from_secs(30 * 24 * 3600);

pub(super) fn begin_epoch(t: &Connection, holder: &str) -> Result<LeaderEpoch> {
    t.prepare_cached(
        "INSERT INTO leader (one, epoch, holder) VALUES (1, 1, ?1)
         ON CONFLICT (one) DO UPDATE SET epoch = epoch + 1, holder = excluded.holder RETURNING epoch",
    )?
    .query_row([holder], |row| Ok(LeaderEpoch(row.get(0)?)))
}

pub(super) fn newest_epoch(t: &Connection) -> Result<LeaderEpoch> {
    let epoch: Option<i64> = t
        .prepare_cached("SELECT epoch FROM leader WHERE one = 1")?
        .query_row([], |row| row.get(0))
        .optional()?;
    Ok(LeaderEpoch(epoch.unwrap_or(0) as u64))
}

pub(super) fn add_reminder(t: &Connection, reminder: &Reminder) -> Result<bool> {
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
}

pub(super) fn due_reminders(t: &Connection, now: Timestamp, limit: usize) -> Result<Vec<Reminder>> {
    t.prepare_cached(
        "SELECT id, user_id, address, text, due FROM reminders
         WHERE claimed_epoch IS NULL AND due <= ?1 ORDER BY due, id LIMIT ?2",
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
}

pub(super) fn claim_reminder(t: &Connection, id: &str, epoch: LeaderEpoch, now: Timestamp) -> Result<ReminderClaim> {
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
}

// A claim belongs to the epoch that took it: nobody else can finish it or give it back, and its
// owner may do so even after a newer leader has taken over. What it says is true all the same.

pub(super) fn finish_reminder(t: &Connection, id: &str, epoch: LeaderEpoch) -> Result<bool> {
    let rows = t
        .prepare_cached("UPDATE reminders SET sent = 1 WHERE id = ?1 AND claimed_epoch = ?2 AND sent = 0")?
        .execute(params![id, epoch.0])?;
    Ok(rows == 1)
}

pub(super) fn unclaim_reminder(t: &Connection, id: &str, epoch: LeaderEpoch) -> Result<bool> {
    let rows = t
        .prepare_cached(
            "UPDATE reminders SET claimed_epoch = NULL, claimed_at = NULL
             WHERE id = ?1 AND claimed_epoch = ?2 AND sent = 0",
        )?
        .execute(params![id, epoch.0])?;
    Ok(rows == 1)
}

/// How many rows went; none if a newer leader exists.
pub(super) fn sweep(t: &Connection, epoch: LeaderEpoch, now: Timestamp) -> Result<Option<u64>> {
    if newest_epoch(t)? != epoch {
        return Ok(None);
    }
    let before = |age: Duration| ms(now).saturating_sub(age.as_millis() as i64);
    let mut rows = 0;
    for (statement, limit) in [
        ("DELETE FROM sessions WHERE expires_at <= ?1", ms(now)),
        ("DELETE FROM tokens WHERE expires_at <= ?1", ms(now)),
        ("DELETE FROM spent WHERE remember_until <= ?1", before(LEDGER_MARGIN)),
        (
            "DELETE FROM reminders WHERE due <= ?1 AND claimed_epoch IS NOT NULL",
            before(REMINDER_MEMORY),
        ),
    ] {
        rows += t.prepare_cached(statement)?.execute([limit])?;
    }
    Ok(Some(rows as u64))
}
