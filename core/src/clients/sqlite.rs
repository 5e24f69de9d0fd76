//! Clients in SQLite.

use super::{Client, ClientRepository, ClientSecret, Pkce};
use crate::{
    keys::algorithm,
    store::sqlite::{Schema, SqliteDirectory, list, written},
};
use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, params};
use seams::Outcome;

pub(crate) const SCHEMA: Schema = Schema {
    matter: "clients",
    statements: &[
        (
            1,
            "CREATE TABLE clients (
            id TEXT PRIMARY KEY,
            name TEXT NOT NULL,
            secret_sha256 TEXT
        ) STRICT;

        CREATE TABLE redirect_uris (
            client_id TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
            position INTEGER NOT NULL,
            uri TEXT NOT NULL,
            PRIMARY KEY (client_id, position)
        ) STRICT;",
        ),
        (
            4,
            "ALTER TABLE clients ADD COLUMN pkce_required INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE clients ADD COLUMN post_logout_redirect_uris TEXT NOT NULL DEFAULT '[]';",
        ),
        // A client that was registered when there was ES256 alone goes on with it.
        (
            6,
            "ALTER TABLE clients ADD COLUMN id_token_alg TEXT NOT NULL DEFAULT 'ES256';",
        ),
    ],
    expiring: &[],
};

/// The client with this ID, as it is registered.
pub(super) fn find(t: &Connection, id: &str) -> rusqlite::Result<Option<Client>> {
    let found = t
        .prepare_cached(
            "SELECT id, name, secret_sha256, pkce_required, post_logout_redirect_uris, id_token_alg FROM clients WHERE id = ?1",
        )?
        .query_row([id], |row| {
            let secret: Option<String> = row.get("secret_sha256")?;
            let secret = secret.map_or(ClientSecret::None, ClientSecret::Sha256);
            Ok(Client {
                id: row.get("id")?,
                name: row.get("name")?,
                // Of a public client it is required, whatever the row says.
                pkce: match row.get("pkce_required")? {
                    true => Pkce::Required,
                    false => secret.usual_pkce(),
                },
                secret,
                redirect_uris: vec![],
                post_logout_redirect_uris: list(row, "post_logout_redirect_uris")?,
                id_token_alg: algorithm(row, "id_token_alg")?,
            })
        })
        .optional()?;
    let Some(mut client) = found else { return Ok(None) };
    client.redirect_uris = t
        .prepare_cached("SELECT uri FROM redirect_uris WHERE client_id = ?1 ORDER BY position")?
        .query_map([id], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    Ok(Some(client))
}

/// Registers a client, or changes what is registered of the one with its ID.
pub(super) fn put(t: &Connection, client: &Client) -> rusqlite::Result<()> {
    let secret = match &client.secret {
        ClientSecret::None => None,
        ClientSecret::Sha256(hash) => Some(hash),
    };
    t.prepare_cached(
        "INSERT INTO clients (id, name, secret_sha256, pkce_required, post_logout_redirect_uris, id_token_alg)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, secret_sha256 = excluded.secret_sha256,
         pkce_required = excluded.pkce_required, post_logout_redirect_uris = excluded.post_logout_redirect_uris,
         id_token_alg = excluded.id_token_alg",
    )?
    .execute(params![
        client.id,
        client.name,
        secret,
        client.pkce == Pkce::Required,
        written(&client.post_logout_redirect_uris),
        client.id_token_alg.name()
    ])?;
    t.prepare_cached("DELETE FROM redirect_uris WHERE client_id = ?1")?
        .execute([&client.id])?;
    let mut insert = t.prepare_cached("INSERT INTO redirect_uris (client_id, position, uri) VALUES (?1, ?2, ?3)")?;
    for (position, uri) in client.redirect_uris.iter().enumerate() {
        insert.execute(params![client.id, position as i64, uri])?;
    }
    Ok(())
}

#[async_trait]
impl ClientRepository for SqliteDirectory {
    async fn client(&self, id: &str) -> Outcome<Option<Client>> {
        self.read(|t| find(t, id)).await
    }
}

impl SqliteDirectory {
    /// Adds a client, or updates the one with the same ID: for development and the simulation.
    ///
    /// # Errors
    /// As every write: `Fail` or `Unknown`.
    pub async fn add_client(&self, client: &Client) -> Outcome<()> {
        self.write(|t| put(t, client)).await
    }
}

#[cfg(test)]
mod tests;
