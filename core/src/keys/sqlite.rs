//! Keys in SQLite.

use super::{KeyRepository, SigningKeyRecord};
use crate::store::sqlite::{Schema, SqliteDirectory, ms, timestamp};
use async_trait::async_trait;
use rusqlite::{Connection, params};
use seams::Outcome;

pub(crate) const SCHEMA: Schema = Schema {
    matter: "keys",
    statements: &[(
        1,
        "CREATE TABLE signing_keys (
            kid TEXT PRIMARY KEY,
            pkcs8 BLOB NOT NULL,
            created_at INTEGER NOT NULL
        ) STRICT;

        CREATE TABLE settings (
            name TEXT PRIMARY KEY,
            value BLOB NOT NULL
        ) STRICT;",
    )],
    expiring: &[],
};

fn signing_keys(t: &Connection) -> rusqlite::Result<Vec<SigningKeyRecord>> {
    t.prepare_cached("SELECT kid, pkcs8, created_at FROM signing_keys ORDER BY created_at DESC, kid")?
        .query_map([], |row| {
            Ok(SigningKeyRecord {
                kid: row.get("kid")?,
                pkcs8: row.get("pkcs8")?,
                created_at: timestamp(row, "created_at")?,
            })
        })?
        .collect()
}

#[async_trait]
impl KeyRepository for SqliteDirectory {
    async fn signing_keys(&self) -> Outcome<Vec<SigningKeyRecord>> {
        self.read(signing_keys).await
    }

    async fn ensure_signing_key(&self, candidate: SigningKeyRecord) -> Outcome<Vec<SigningKeyRecord>> {
        self.write(|t| {
            t.prepare_cached(
                "INSERT INTO signing_keys (kid, pkcs8, created_at)
                 SELECT ?1, ?2, ?3 WHERE NOT EXISTS (SELECT 1 FROM signing_keys)",
            )?
            .execute(params![candidate.kid, candidate.pkcs8, ms(candidate.created_at)])?;
            signing_keys(t)
        })
        .await
    }

    async fn ensure_pepper(&self, candidate: [u8; 32]) -> Outcome<[u8; 32]> {
        self.write(|t| {
            t.prepare_cached("INSERT INTO settings (name, value) VALUES ('pepper', ?1) ON CONFLICT DO NOTHING")?
                .execute([candidate])?;
            t.prepare_cached("SELECT value FROM settings WHERE name = 'pepper'")?
                .query_row([], |row| row.get(0))
        })
        .await
    }
}

#[cfg(test)]
mod tests;
