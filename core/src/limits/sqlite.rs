//! Failures in a row, and known browsers, in SQLite.

use super::{CountedAttempt, FailureRepository, KnownBrowser};
use crate::store::sqlite::{Expiring, Schema, SqliteDirectory, ms};
use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, Params, params};
use seams::{Outcome, Timestamp};
use std::time::Duration;

/// An address is counted whether or not there is such a user: the answer must not tell.
pub(crate) const SCHEMA: Schema = Schema {
    matter: "failures",
    statements: &[
        (
            1,
            "CREATE TABLE failures (
            address TEXT PRIMARY KEY,
            count INTEGER NOT NULL
        ) STRICT;",
        ),
        (
            6,
            "CREATE TABLE known_browsers (
            cookie_hash TEXT NOT NULL,
            user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
            seen_at INTEGER NOT NULL,
            expires_at INTEGER NOT NULL,
            failures INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (cookie_hash, user_id)
        ) STRICT;
        CREATE INDEX known_browsers_by_expiry ON known_browsers (expires_at);
        CREATE INDEX known_browsers_by_user ON known_browsers (user_id, seen_at);",
        ),
        (
            7,
            // Anybody can make addresses up.
            "ALTER TABLE failures ADD COLUMN failed_at INTEGER NOT NULL DEFAULT 0;
        CREATE INDEX failures_by_time ON failures (failed_at);",
        ),
    ],
    expiring: &[
        Expiring {
            table: "known_browsers",
            when: "expires_at <= ?1",
            kept_for: Duration::ZERO,
        },
        // Of addresses that nobody has, the newest are kept, whatever their age: after a while that anybody can wait for, one
        // that was locked would be open again, and tell that nobody has it.
        Expiring {
            table: "failures",
            when: "failed_at <= ?1 AND rowid IN (
                SELECT failures.rowid FROM failures LEFT JOIN users USING (address) WHERE users.id IS NULL
                ORDER BY failed_at DESC, failures.rowid DESC LIMIT -1 OFFSET 10000)",
            kept_for: Duration::ZERO,
        },
    ],
};

/// Counts one more, with a statement that returns nothing if there are enough already.
fn one_more(t: &Connection, statement: &str, parameters: impl Params) -> rusqlite::Result<Option<u64>> {
    t.prepare_cached(statement)?
        .query_row(parameters, |row| row.get(0))
        .optional()
}

#[async_trait]
impl FailureRepository for SqliteDirectory {
    async fn count_attempt(&self, attempt: CountedAttempt) -> Outcome<Option<u64>> {
        let limit = i64::try_from(attempt.limit).unwrap_or(i64::MAX);
        self.write(|t| {
            if let Some(known) = &attempt.known {
                let own = "UPDATE known_browsers SET failures = failures + 1
                           WHERE cookie_hash = ?1 AND failures < ?2 RETURNING failures";
                let counted = one_more(t, own, params![known, limit])?;
                if counted.is_some() {
                    return Ok(counted);
                }
            }
            let at_address = "INSERT INTO failures (address, count, failed_at) VALUES (?1, 1, ?3)
                              ON CONFLICT (address) DO UPDATE SET count = count + 1, failed_at = ?3
                              WHERE count < ?2 RETURNING count";
            one_more(t, at_address, params![attempt.address, limit, ms(attempt.at)])
        })
        .await
    }

    async fn failures(&self, address: &str) -> Outcome<u64> {
        self.read(|t| {
            let count: Option<u64> = t
                .prepare_cached("SELECT count FROM failures WHERE address = ?1")?
                .query_row([address], |row| row.get(0))
                .optional()?;
            Ok(count.unwrap_or(0))
        })
        .await
    }

    async fn clear_failures(&self, address: &str) -> Outcome<()> {
        self.write(|t| {
            t.prepare_cached("DELETE FROM failures WHERE address = ?1")?
                .execute([address])?;
            Ok(())
        })
        .await
    }

    async fn is_known(&self, cookie_hash: &str, address: &str, now: Timestamp, limit: u64) -> Outcome<bool> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.read(|t| {
            t.prepare_cached(
                "SELECT 1 FROM known_browsers JOIN users ON users.id = known_browsers.user_id
                 WHERE cookie_hash = ?1 AND address = ?2 AND expires_at > ?3 AND failures < ?4",
            )?
            .exists(params![cookie_hash, address, ms(now), limit])
        })
        .await
    }

    async fn succeed(&self, browser: KnownBrowser) -> Outcome<()> {
        self.write(|t| {
            t.prepare_cached("DELETE FROM failures WHERE address = ?1")?
                .execute([&browser.address])?;
            t.prepare_cached(
                "INSERT INTO known_browsers (cookie_hash, user_id, seen_at, expires_at) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (cookie_hash, user_id) DO UPDATE
                 SET seen_at = excluded.seen_at, expires_at = excluded.expires_at, failures = 0",
            )?
            .execute(params![
                browser.cookie_hash,
                browser.user_id,
                ms(browser.at),
                ms(browser.until)
            ])?;
            t.prepare_cached(
                "DELETE FROM known_browsers WHERE user_id = ?1 AND cookie_hash IN (
                    SELECT cookie_hash FROM known_browsers WHERE user_id = ?1 AND cookie_hash <> ?2
                    ORDER BY seen_at DESC, cookie_hash LIMIT -1 OFFSET ?3)",
            )?
            .execute(params![
                browser.user_id,
                browser.cookie_hash,
                i64::try_from(browser.at_most).unwrap_or(i64::MAX) - 1
            ])?;
            Ok(())
        })
        .await
    }
}

#[cfg(test)]
mod tests;
