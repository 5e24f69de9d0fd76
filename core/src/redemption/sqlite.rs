//! Redemptions and tokens in SQLite.

use super::{CodeRedemption, Redeemed, TokenRecord, TokenRepository};
use crate::{
    ledger::spend,
    store::sqlite::{Expiring, Schema, SqliteDirectory, ms, timestamp},
};
use async_trait::async_trait;
use rusqlite::{OptionalExtension, params};
use seams::{Outcome, Timestamp};
use std::time::Duration;

pub(crate) const SCHEMA: Schema = Schema {
    matter: "tokens",
    statements: &[(
        1,
        "CREATE TABLE tokens (
            token_hash TEXT PRIMARY KEY,
            code_hash TEXT NOT NULL,
            user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
            client_id TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
            scope TEXT NOT NULL,
            expires_at INTEGER NOT NULL,
            revoked INTEGER NOT NULL DEFAULT 0
        ) STRICT;
        CREATE INDEX tokens_by_code ON tokens (code_hash);
        CREATE INDEX tokens_by_expiry ON tokens (expires_at);",
    )],
    expiring: &[Expiring {
        table: "tokens",
        when: "expires_at <= ?1",
        kept_for: Duration::ZERO,
    }],
};

#[async_trait]
impl TokenRepository for SqliteDirectory {
    async fn redeem(&self, redemption: CodeRedemption) -> Outcome<Redeemed> {
        let redeemed = self
            .write(|t| {
                if !spend(t, &redemption.code_hash, redemption.remember_until)? {
                    t.prepare_cached("UPDATE tokens SET revoked = 1 WHERE code_hash = ?1")?
                        .execute([&redemption.code_hash])?;
                    return Ok(Redeemed::AlreadySpent);
                }
                let token = &redemption.token;
                t.prepare_cached(
                    "INSERT INTO tokens (token_hash, code_hash, user_id, client_id, scope, expires_at)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                )?
                .execute(params![
                    token.token_hash,
                    redemption.code_hash,
                    token.user_id,
                    token.client_id,
                    token.scope,
                    ms(token.expires_at)
                ])?;
                Ok(Redeemed::Now)
            })
            .await?;
        if redeemed == Redeemed::AlreadySpent {
            self.env().mark("redemption met a spent code");
            tracing::warn!("a spent code was presented; the tokens issued from it are revoked");
        }
        Ok(redeemed)
    }

    async fn token(&self, token_hash: &str, now: Timestamp) -> Outcome<Option<TokenRecord>> {
        self.read(|t| {
            t.prepare_cached(
                "SELECT token_hash, user_id, client_id, scope, expires_at FROM tokens
                 WHERE token_hash = ?1 AND revoked = 0 AND expires_at > ?2",
            )?
            .query_row(params![token_hash, ms(now)], |row| {
                Ok(TokenRecord {
                    token_hash: row.get("token_hash")?,
                    user_id: row.get("user_id")?,
                    client_id: row.get("client_id")?,
                    scope: row.get("scope")?,
                    expires_at: timestamp(row, "expires_at")?,
                })
            })
            .optional()
        })
        .await
    }
}

#[cfg(test)]
mod tests;
