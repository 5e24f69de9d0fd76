//! Consecutive failures in SQLite.

use super::FailureRepository;
use crate::store::sqlite::{Schema, SqliteDirectory};
use async_trait::async_trait;
use rusqlite::OptionalExtension;
use seams::Outcome;

/// An address is counted whether or not there is such a user: the answer must not tell.
pub(crate) const SCHEMA: Schema = Schema {
    matter: "failures",
    statements: &[(
        1,
        "CREATE TABLE failures (
            address TEXT PRIMARY KEY,
            count INTEGER NOT NULL
        ) STRICT;",
    )],
    expiring: &[],
};

#[async_trait]
impl FailureRepository for SqliteDirectory {
    async fn count_failure(&self, address: &str) -> Outcome<u64> {
        self.write(|t| {
            t.prepare_cached(
                "INSERT INTO failures (address, count) VALUES (?1, 1)
                 ON CONFLICT (address) DO UPDATE SET count = count + 1 RETURNING count",
            )?
            .query_row([address], |row| row.get(0))
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
}

#[cfg(test)]
mod tests;
