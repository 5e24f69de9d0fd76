//! Users in SQLite.

use super::{User, UserRepository};
use crate::store::sqlite::{Schema, SqliteDirectory, list, written};
use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, Row, params};
use seams::Outcome;

pub(crate) const SCHEMA: Schema = Schema {
    matter: "users",
    statements: &[
        (
            1,
            "CREATE TABLE users (
            id TEXT PRIMARY KEY,
            address TEXT NOT NULL UNIQUE,
            name TEXT NOT NULL
        ) STRICT;",
        ),
        (
            4,
            "ALTER TABLE users ADD COLUMN username TEXT;
        ALTER TABLE users ADD COLUMN group_names TEXT NOT NULL DEFAULT '[]';",
        ),
    ],
    expiring: &[],
};

pub(super) fn user(row: &Row<'_>) -> rusqlite::Result<User> {
    Ok(User {
        id: row.get("id")?,
        address: row.get("address")?,
        name: row.get("name")?,
        username: row.get("username")?,
        groups: list(row, "group_names")?,
    })
}

/// Registers a person, or changes what is registered of the one with the same ID.
pub(super) fn put(t: &Connection, user: &User) -> rusqlite::Result<()> {
    t.prepare_cached(
        "INSERT INTO users (id, address, name, username, group_names) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (id) DO UPDATE SET address = excluded.address, name = excluded.name,
         username = excluded.username, group_names = excluded.group_names",
    )?
    .execute(params![
        user.id,
        user.address,
        user.name,
        user.username,
        written(&user.groups)
    ])?;
    Ok(())
}

/// The person who has an address.
pub(super) fn find(t: &Connection, address: &str) -> rusqlite::Result<Option<User>> {
    t.prepare_cached("SELECT id, address, name, username, group_names FROM users WHERE address = ?1")?
        .query_row([address], user)
        .optional()
}

#[async_trait]
impl UserRepository for SqliteDirectory {
    async fn user_by_address(&self, address: &str) -> Outcome<Option<User>> {
        self.read(|t| find(t, address)).await
    }

    async fn user(&self, id: &str) -> Outcome<Option<User>> {
        self.read(|t| {
            t.prepare_cached("SELECT id, address, name, username, group_names FROM users WHERE id = ?1")?
                .query_row([id], user)
                .optional()
        })
        .await
    }
}

impl SqliteDirectory {
    /// Adds a user, or updates the one with the same ID: for development and the simulation.
    ///
    /// # Errors
    /// As every write: `Fail` or `Unknown`; `Fail` also when another user has the address.
    pub async fn add_user(&self, user: &User) -> Outcome<()> {
        self.write(|t| put(t, user)).await
    }
}
