//! Whether the directory can be written.

use super::sqlite::{Schema, SqliteDirectory, ms};
use async_trait::async_trait;
use rusqlite::params;
use seams::Outcome;

pub(crate) const SCHEMA: Schema = Schema {
    matter: "probe",
    statements: &[(
        2,
        "CREATE TABLE probe (
            replica TEXT PRIMARY KEY,
            at INTEGER NOT NULL
        ) STRICT;",
    )],
    expiring: &[],
};

/// How a replica checks the health of its directory.
#[async_trait]
pub trait DirectoryProbe: Send + Sync {
    /// Does what a login does: changes a row, and commits. A transaction that changes nothing succeeds on a full disk, for
    /// SQLite writes nothing then.
    async fn probe(&self) -> Outcome<()>;
}

#[async_trait]
impl DirectoryProbe for SqliteDirectory {
    async fn probe(&self) -> Outcome<()> {
        let (replica, now) = (&self.env().host, ms(self.env().now()));
        self.write(|t| {
            // One more in the same millisecond: SQLite writes nothing if nothing changes.
            t.prepare_cached(
                "INSERT INTO probe (replica, at) VALUES (?1, ?2) ON CONFLICT (replica) DO UPDATE SET at = ?2 + (at = ?2)",
            )?
            .execute(params![&**replica, now])?;
            Ok(())
        })
        .await
    }
}
