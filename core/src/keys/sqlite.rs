//! Keys in SQLite.

use super::{Algorithm, KeyRepository, SigningKeyRecord};
use crate::store::sqlite::{Schema, SqliteDirectory, ms, timestamp};
use async_trait::async_trait;
use rusqlite::{Connection, Row, params, types::Type};
use seams::Outcome;

pub(crate) const SCHEMA: Schema = Schema {
    matter: "keys",
    statements: &[
        (
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
        ),
        (
            6,
            "ALTER TABLE signing_keys ADD COLUMN alg TEXT NOT NULL DEFAULT 'ES256';",
        ),
    ],
    expiring: &[],
};

/// An algorithm by its name. One that this release does not know is of a newer one.
pub(crate) fn algorithm(row: &Row<'_>, column: &str) -> rusqlite::Result<Algorithm> {
    let name: String = row.get(column)?;
    let unknown = || {
        let why = format!("{name:?} is no signature algorithm");
        rusqlite::Error::FromSqlConversionFailure(0, Type::Text, why.into())
    };
    Algorithm::named(&name).ok_or_else(unknown)
}

fn signing_keys(t: &Connection) -> rusqlite::Result<Vec<SigningKeyRecord>> {
    t.prepare_cached("SELECT kid, alg, pkcs8, created_at FROM signing_keys ORDER BY created_at DESC, kid")?
        .query_map([], |row| {
            Ok(SigningKeyRecord {
                kid: row.get("kid")?,
                algorithm: algorithm(row, "alg")?,
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
                "INSERT INTO signing_keys (kid, alg, pkcs8, created_at)
                 SELECT ?1, ?2, ?3, ?4 WHERE NOT EXISTS (SELECT 1 FROM signing_keys WHERE alg = ?2)",
            )?
            .execute(params![
                candidate.kid,
                candidate.algorithm.name(),
                candidate.pkcs8,
                ms(candidate.created_at)
            ])?;
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
