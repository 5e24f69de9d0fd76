//! The operations, one transaction each.

use super::{
    SqliteDirectory, leading,
    time::{ms, timestamp},
};
use crate::seams::{
    Cause, Client, ClientSecret, CodeRedemption, Directory, Failure, LeaderEpoch, Outcome, Redeemed, Reminder,
    ReminderClaim, Session, SessionOpening, SigningKeyRecord, Timestamp, TokenRecord, User,
};
use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, Row, params};

fn user(row: &Row<'_>) -> rusqlite::Result<User> {
    Ok(User {
        id: row.get("id")?,
        address: row.get("address")?,
        name: row.get("name")?,
    })
}

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

/// Puts a code into the ledger. False if it is there already: that code is spent.
fn spend(t: &Connection, code_hash: &str, remember_until: Timestamp) -> rusqlite::Result<bool> {
    let rows = t
        .prepare_cached("INSERT INTO spent (code_hash, remember_until) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
        .execute(params![code_hash, ms(remember_until)])?;
    Ok(rows == 1)
}

#[async_trait]
impl Directory for SqliteDirectory {
    async fn client(&self, id: &str) -> Outcome<Option<Client>> {
        self.read(|t| {
            let found = t
                .prepare_cached("SELECT id, name, secret_sha256 FROM clients WHERE id = ?1")?
                .query_row([id], |row| {
                    let secret: Option<String> = row.get("secret_sha256")?;
                    Ok(Client {
                        id: row.get("id")?,
                        name: row.get("name")?,
                        secret: secret.map_or(ClientSecret::None, ClientSecret::Sha256),
                        redirect_uris: vec![],
                    })
                })
                .optional()?;
            let Some(mut client) = found else { return Ok(None) };
            client.redirect_uris = t
                .prepare_cached("SELECT uri FROM redirect_uris WHERE client_id = ?1 ORDER BY position")?
                .query_map([id], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            Ok(Some(client))
        })
        .await
    }

    async fn user_by_address(&self, address: &str) -> Outcome<Option<User>> {
        self.read(|t| {
            t.prepare_cached("SELECT id, address, name FROM users WHERE address = ?1")?
                .query_row([address], user)
                .optional()
        })
        .await
    }

    async fn user(&self, id: &str) -> Outcome<Option<User>> {
        self.read(|t| {
            t.prepare_cached("SELECT id, address, name FROM users WHERE id = ?1")?
                .query_row([id], user)
                .optional()
        })
        .await
    }

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
            self.env.mark("login met a spent code");
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

    async fn end_session(&self, id_hash: &str) -> Outcome<bool> {
        self.write(|t| {
            let rows = t
                .prepare_cached("DELETE FROM sessions WHERE id_hash = ?1")?
                .execute([id_hash])?;
            Ok(rows == 1)
        })
        .await
    }

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
            self.env.mark("redemption met a spent code");
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

    async fn begin_epoch(&self, holder: &str) -> Outcome<LeaderEpoch> {
        self.write(|t| leading::begin_epoch(t, holder)).await
    }

    async fn newest_epoch(&self) -> Outcome<LeaderEpoch> {
        self.read(leading::newest_epoch).await
    }

    async fn add_reminder(&self, reminder: Reminder) -> Outcome<bool> {
        self.write(|t| leading::add_reminder(t, &reminder)).await
    }

    async fn due_reminders(&self, now: Timestamp, limit: usize) -> Outcome<Vec<Reminder>> {
        self.read(|t| leading::due_reminders(t, now, limit)).await
    }

    async fn claim_reminder(&self, id: &str, epoch: LeaderEpoch, now: Timestamp) -> Outcome<ReminderClaim> {
        let claim = self.write(|t| leading::claim_reminder(t, id, epoch, now)).await?;
        if claim == ReminderClaim::Fenced {
            self.env.mark("epoch fenced");
        }
        Ok(claim)
    }

    async fn finish_reminder(&self, id: &str, epoch: LeaderEpoch) -> Outcome<bool> {
        self.write(|t| leading::finish_reminder(t, id, epoch)).await
    }

    async fn unclaim_reminder(&self, id: &str, epoch: LeaderEpoch) -> Outcome<bool> {
        self.write(|t| leading::unclaim_reminder(t, id, epoch)).await
    }

    async fn sweep(&self, epoch: LeaderEpoch, now: Timestamp) -> Outcome<u64> {
        let swept = self.write(|t| leading::sweep(t, epoch, now)).await?;
        swept.ok_or_else(|| {
            self.env.mark("epoch fenced");
            Failure::Fail(Cause::Refused("a newer leader exists".into()))
        })
    }
}
