//! Sessions in SQLite.

use super::{Session, SessionOpening, SessionRepository};
use crate::{
    ledger::spend,
    store::sqlite::{Expiring, Schema, SqliteDirectory, ms, timestamp},
};
use async_trait::async_trait;
use rusqlite::{OptionalExtension, params};
use seams::{Outcome, Timestamp};
use std::time::Duration;

pub(crate) const SCHEMA: Schema = Schema {
    matter: "sessions",
    statements: &[(
        1,
        "CREATE TABLE sessions (
            id_hash TEXT PRIMARY KEY,
            user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
            authenticated_at INTEGER NOT NULL,
            expires_at INTEGER NOT NULL,
            opened_by TEXT NOT NULL
        ) STRICT;
        CREATE INDEX sessions_by_expiry ON sessions (expires_at);",
    )],
    expiring: &[Expiring {
        table: "sessions",
        when: "expires_at <= ?1",
        kept_for: Duration::ZERO,
    }],
};

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
                    t.prepare_cached(
                        "INSERT INTO sessions (id_hash, user_id, authenticated_at, expires_at, opened_by)
                         VALUES (?1, ?2, ?3, ?4, ?5)",
                    )?
                    .execute(params![
                        session.id_hash,
                        session.user_id,
                        ms(session.authenticated_at),
                        ms(session.expires_at),
                        session.opened_by
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
                "SELECT id_hash, user_id, authenticated_at, expires_at, opened_by FROM sessions
                 WHERE id_hash = ?1 AND expires_at > ?2",
            )?
            .query_row(params![id_hash, ms(now)], |row| {
                Ok(Session {
                    id_hash: row.get("id_hash")?,
                    user_id: row.get("user_id")?,
                    authenticated_at: timestamp(row, "authenticated_at")?,
                    expires_at: timestamp(row, "expires_at")?,
                    opened_by: row.get("opened_by")?,
                })
            })
            .optional()
        })
        .await
    }

    async fn end_session(&self, id_hash: &str) -> Outcome<Option<String>> {
        self.write(|t| {
            t.prepare_cached("DELETE FROM sessions WHERE id_hash = ?1 RETURNING user_id")?
                .query_row([id_hash], |row| row.get(0))
                .optional()
        })
        .await
    }
}

#[cfg(test)]
mod tests;
