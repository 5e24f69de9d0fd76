//! Sessions in SQLite.

use super::{Session, SessionOpening, SessionRepository};
use crate::{
    ledger::spend,
    store::sqlite::{Expiring, Schema, SqliteDirectory, ms, timestamp},
};
use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, params};
use seams::{Outcome, Timestamp};
use std::time::Duration;

pub(crate) const SCHEMA: Schema = Schema {
    matter: "sessions",
    statements: &[
        (
            1,
            "CREATE TABLE sessions (
            id_hash TEXT PRIMARY KEY,
            user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
            authenticated_at INTEGER NOT NULL,
            expires_at INTEGER NOT NULL,
            opened_by TEXT NOT NULL
        ) STRICT;
        CREATE INDEX sessions_by_expiry ON sessions (expires_at);",
        ),
        // Without a `sid` it is its own first: so are those that a replica of an earlier version opens.
        (
            8,
            "ALTER TABLE sessions ADD COLUMN sid TEXT;
        ALTER TABLE sessions ADD COLUMN replaces TEXT;
        CREATE INDEX sessions_by_sid ON sessions (sid) WHERE sid IS NOT NULL;

        CREATE TABLE ended_sessions (
            sid TEXT PRIMARY KEY,
            remember_until INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX ended_sessions_by_expiry ON ended_sessions (remember_until);",
        ),
    ],
    expiring: &[
        Expiring {
            table: "sessions",
            when: "expires_at <= ?1",
            kept_for: Duration::ZERO,
        },
        Expiring {
            table: "ended_sessions",
            when: "remember_until <= ?1",
            kept_for: Duration::ZERO,
        },
    ],
};

/// Whether somebody was signed out of a session: what was issued in it is of no use any more.
///
/// # Errors
/// What SQLite says.
pub(crate) fn is_ended(t: &Connection, sid: &str) -> rusqlite::Result<bool> {
    t.prepare_cached("SELECT 1 FROM ended_sessions WHERE sid = ?1")?
        .exists([sid])
}

/// Ends a session under all its cookies, and remembers it.
fn end(t: &Connection, sid: &str, remember_until: Timestamp) -> rusqlite::Result<()> {
    t.prepare_cached("DELETE FROM sessions WHERE id_hash = ?1 OR sid = ?1")?
        .execute([sid])?;
    t.prepare_cached(
        "INSERT INTO ended_sessions (sid, remember_until) VALUES (?1, ?2)
         ON CONFLICT (sid) DO UPDATE SET remember_until = max(remember_until, excluded.remember_until)",
    )?
    .execute(params![sid, ms(remember_until)])?;
    Ok(())
}

/// What is kept of one of the cookies of a session.
struct Row {
    id_hash: String,
    user_id: String,
    sid: String,
}

/// The session with this cookie, and all that it replaces, the nearest first: a session that replaces another may have been
/// replaced itself before its cookie came.
fn with_replaced(t: &Connection, id_hash: &str) -> rusqlite::Result<Vec<Row>> {
    let mut found: Vec<Row> = vec![];
    let mut next = Some(id_hash.to_owned());
    while let Some(id_hash) = next.take_if(|next| found.iter().all(|row| row.id_hash != *next)) {
        let row = t
            .prepare_cached("SELECT user_id, coalesce(sid, id_hash) AS sid, replaces FROM sessions WHERE id_hash = ?1")?
            .query_row([&id_hash], |row| {
                next = row.get("replaces")?;
                Ok((row.get("user_id")?, row.get("sid")?))
            })
            .optional()?;
        found.extend(row.map(|(user_id, sid)| Row { id_hash, user_id, sid }));
    }
    Ok(found)
}

#[async_trait]
impl SessionRepository for SqliteDirectory {
    async fn open_session(
        &self,
        session: Session,
        code_hash: &str,
        remember_until: Timestamp,
    ) -> Outcome<SessionOpening> {
        let opening = self
            .write(|t| {
                if spend(t, code_hash, remember_until)? {
                    let goes_on: Option<String> = t
                        .prepare_cached(
                            "SELECT coalesce(sid, id_hash) FROM sessions
                             WHERE id_hash = ?1 AND user_id = ?2 AND expires_at > ?3",
                        )?
                        .query_row(
                            params![session.replaces, session.user_id, ms(session.authenticated_at)],
                            |row| row.get(0),
                        )
                        .optional()?;
                    t.prepare_cached(
                        "INSERT INTO sessions (id_hash, user_id, authenticated_at, expires_at, opened_by, sid, replaces)
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                    )?
                    .execute(params![
                        session.id_hash,
                        session.user_id,
                        ms(session.authenticated_at),
                        ms(session.expires_at),
                        session.opened_by,
                        goes_on,
                        session.replaces
                    ])?;
                    return Ok(SessionOpening::Opened);
                }
                let same = t
                    .prepare_cached("SELECT 1 FROM sessions WHERE id_hash = ?1 AND opened_by = ?2 AND user_id = ?3")?
                    .exists([&session.id_hash, &session.opened_by, &session.user_id])?;
                Ok(if same {
                    SessionOpening::AlreadyOpen
                } else {
                    SessionOpening::CodeSpent
                })
            })
            .await?;
        if opening == SessionOpening::CodeSpent {
            self.env().mark("login met a spent code");
        }
        Ok(opening)
    }

    async fn session(&self, id_hash: &str, now: Timestamp) -> Outcome<Option<Session>> {
        self.read(|t| {
            t.prepare_cached(
                "SELECT id_hash, user_id, authenticated_at, expires_at, opened_by, coalesce(sid, id_hash) AS sid, replaces
                 FROM sessions WHERE id_hash = ?1 AND expires_at > ?2",
            )?
            .query_row(params![id_hash, ms(now)], |row| {
                Ok(Session {
                    id_hash: row.get("id_hash")?,
                    user_id: row.get("user_id")?,
                    authenticated_at: timestamp(row, "authenticated_at")?,
                    expires_at: timestamp(row, "expires_at")?,
                    opened_by: row.get("opened_by")?,
                    sid: row.get("sid")?,
                    replaces: row.get("replaces")?,
                })
            })
            .optional()
        })
        .await
    }

    async fn end_replaced(&self, id_hash: &str, remember_until: Timestamp) -> Outcome<Vec<String>> {
        self.write(|t| {
            let found = with_replaced(t, id_hash)?;
            let Some((current, replaced)) = found.split_first() else {
                return Ok(vec![]);
            };
            let mut signed_out = vec![];
            for earlier in replaced {
                if earlier.sid == current.sid {
                    t.prepare_cached("DELETE FROM sessions WHERE id_hash = ?1")?
                        .execute([&earlier.id_hash])?;
                } else {
                    end(t, &earlier.sid, remember_until)?;
                    signed_out.push(earlier.user_id.clone());
                }
            }
            t.prepare_cached("UPDATE sessions SET replaces = NULL WHERE id_hash = ?1 AND replaces IS NOT NULL")?
                .execute([id_hash])?;
            signed_out.dedup();
            Ok(signed_out)
        })
        .await
    }

    async fn end_session(&self, id_hash: &str, remember_until: Timestamp) -> Outcome<Vec<String>> {
        self.write(|t| {
            let found = with_replaced(t, id_hash)?;
            for row in &found {
                end(t, &row.sid, remember_until)?;
            }
            let mut signed_out: Vec<String> = found.into_iter().map(|row| row.user_id).collect();
            signed_out.dedup();
            Ok(signed_out)
        })
        .await
    }
}

#[cfg(test)]
mod tests;
