//! Redemptions and tokens in SQLite.

use super::{Binding, CodeRedemption, Redeemed, SpentCode, TokenRecord, TokenRepository};
use crate::{
    ledger::spend,
    session::is_ended,
    store::sqlite::{Expiring, Schema, SqliteDirectory, ms, timestamp},
};
use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, params};
use seams::{Outcome, Timestamp};
use std::time::Duration;

pub(crate) const SCHEMA: Schema = Schema {
    matter: "tokens",
    statements: &[
        (
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
        ),
        // Nobody can present an empty redirect URI: what was issued before this version is not revoked by a code that comes
        // again, and ends within an hour.
        (
            5,
            "ALTER TABLE tokens ADD COLUMN redirect_uri TEXT NOT NULL DEFAULT '';
        ALTER TABLE tokens ADD COLUMN challenge TEXT;",
        ),
        // What was issued before this version belongs to no session, and ends within an hour.
        (8, "ALTER TABLE tokens ADD COLUMN sid TEXT;"),
    ],
    expiring: &[Expiring {
        table: "tokens",
        when: "expires_at <= ?1",
        kept_for: Duration::ZERO,
    }],
};

/// Revokes the token that was issued for a code, and says whose it was if it was not revoked before.
fn revoke(t: &Connection, code_hash: &str) -> rusqlite::Result<Option<String>> {
    t.prepare_cached("UPDATE tokens SET revoked = 1 WHERE code_hash = ?1 AND revoked = 0 RETURNING user_id")?
        .query_row([code_hash], |row| row.get(0))
        .optional()
}

/// Whether the person was signed out of the session in which something was issued.
fn signed_out(t: &Connection, sid: Option<&str>) -> rusqlite::Result<bool> {
    sid.map_or(Ok(false), |sid| is_ended(t, sid))
}

#[async_trait]
impl TokenRepository for SqliteDirectory {
    async fn redeem(&self, redemption: CodeRedemption) -> Outcome<Redeemed> {
        let redeemed = self
            .write(|t| {
                if !spend(t, &redemption.code_hash, redemption.remember_until)? {
                    let revoked_of = revoke(t, &redemption.code_hash)?;
                    return Ok(Redeemed::AlreadySpent { revoked_of });
                }
                let (token, binding) = (&redemption.token, &redemption.binding);
                if signed_out(t, token.sid.as_deref())? {
                    return Ok(Redeemed::SignedOut);
                }
                t.prepare_cached(
                    "INSERT INTO tokens
                         (token_hash, code_hash, user_id, client_id, scope, expires_at, redirect_uri, challenge, sid)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                )?
                .execute(params![
                    token.token_hash,
                    redemption.code_hash,
                    token.user_id,
                    token.client_id,
                    token.scope,
                    ms(token.expires_at),
                    binding.redirect_uri,
                    binding.challenge,
                    token.sid
                ])?;
                Ok(Redeemed::Now)
            })
            .await?;
        match redeemed {
            Redeemed::Now => {}
            Redeemed::AlreadySpent { .. } => self.env().mark("redemption met a spent code"),
            Redeemed::SignedOut => self.env().mark("redemption met a session that had ended"),
        }
        Ok(redeemed)
    }

    async fn spent_code(&self, code_hash: &str) -> Outcome<Option<SpentCode>> {
        self.read(|t| {
            t.prepare_cached("SELECT client_id, redirect_uri, challenge, revoked FROM tokens WHERE code_hash = ?1")?
                .query_row([code_hash], |row| {
                    Ok(SpentCode {
                        binding: Binding {
                            client_id: row.get("client_id")?,
                            redirect_uri: row.get("redirect_uri")?,
                            challenge: row.get("challenge")?,
                        },
                        is_revoked: row.get("revoked")?,
                    })
                })
                .optional()
        })
        .await
    }

    async fn revoke_token_of(&self, code_hash: &str) -> Outcome<Option<String>> {
        self.write(|t| revoke(t, code_hash)).await
    }

    async fn token(&self, token_hash: &str, now: Timestamp) -> Outcome<Option<TokenRecord>> {
        self.read(|t| {
            let found = t
                .prepare_cached(
                    "SELECT token_hash, user_id, client_id, sid, scope, expires_at FROM tokens
                     WHERE token_hash = ?1 AND revoked = 0 AND expires_at > ?2",
                )?
                .query_row(params![token_hash, ms(now)], |row| {
                    Ok(TokenRecord {
                        token_hash: row.get("token_hash")?,
                        user_id: row.get("user_id")?,
                        client_id: row.get("client_id")?,
                        sid: row.get("sid")?,
                        scope: row.get("scope")?,
                        expires_at: timestamp(row, "expires_at")?,
                    })
                })
                .optional()?;
            let sid = found.as_ref().and_then(|token| token.sid.as_deref());
            let is_over = signed_out(t, sid)?;
            Ok(found.filter(|_| !is_over))
        })
        .await
    }
}

#[cfg(test)]
mod tests;
