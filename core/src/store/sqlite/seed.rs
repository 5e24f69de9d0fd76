//! Filling a directory: for development, the simulation and the operator's tools.

use super::SqliteDirectory;
use crate::seams::{Client, ClientSecret, Outcome, User};
use rusqlite::params;

impl SqliteDirectory {
    /// Adds a client, or brings the one with the same ID up to date.
    ///
    /// # Errors
    /// As every write: `Fail` or `Unknown`.
    pub async fn add_client(&self, client: &Client) -> Outcome<()> {
        let secret = match &client.secret {
            ClientSecret::None => None,
            ClientSecret::Sha256(hash) => Some(hash),
        };
        self.write(|t| {
            t.prepare_cached(
                "INSERT INTO clients (id, name, secret_sha256) VALUES (?1, ?2, ?3)
                 ON CONFLICT (id) DO UPDATE SET name = excluded.name, secret_sha256 = excluded.secret_sha256",
            )?
            .execute(params![client.id, client.name, secret])?;
            t.prepare_cached("DELETE FROM redirect_uris WHERE client_id = ?1")?
                .execute([&client.id])?;
            let mut insert =
                t.prepare_cached("INSERT INTO redirect_uris (client_id, position, uri) VALUES (?1, ?2, ?3)")?;
            for (position, uri) in client.redirect_uris.iter().enumerate() {
                insert.execute(params![client.id, position as i64, uri])?;
            }
            Ok(())
        })
        .await
    }

    /// Adds a user, or brings the one with the same ID up to date.
    ///
    /// # Errors
    /// As every write: `Fail` or `Unknown`; `Fail` also when another user has the address.
    pub async fn add_user(&self, user: &User) -> Outcome<()> {
        self.write(|t| {
            t.prepare_cached(
                "INSERT INTO users (id, address, name) VALUES (?1, ?2, ?3)
                 ON CONFLICT (id) DO UPDATE SET address = excluded.address, name = excluded.name",
            )?
            .execute([&user.id, &user.address, &user.name])?;
            Ok(())
        })
        .await
    }
}
