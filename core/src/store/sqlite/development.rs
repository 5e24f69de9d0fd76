//! Whether a directory was made for development.
//!
//! A development server adds a person and a client that everybody knows. A directory that people depend on must never get
//! them, so the two kinds are told apart by a mark in the file: SQLite's `application_id`.

use super::SqliteDirectory;
use rusqlite::Connection;
use seams::Outcome;

/// `application_id` of a directory for development: "idp-" as a number. That of all others is 0.
const DEVELOPMENT: i32 = i32::from_be_bytes(*b"idp-");

fn is_marked(t: &Connection) -> rusqlite::Result<bool> {
    let id: i32 = t.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    Ok(id == DEVELOPMENT)
}

impl SqliteDirectory {
    /// Whether it was made for development.
    ///
    /// # Errors
    /// As every read: `Fail`.
    pub async fn is_for_development(&self) -> Outcome<bool> {
        self.read(is_marked).await
    }

    /// Marks it as one for development if nobody uses it yet: it has neither people nor clients. Says whether it is one
    /// for development now.
    ///
    /// # Errors
    /// As every write: `Fail` or `Unknown`.
    pub async fn use_for_development(&self) -> Outcome<bool> {
        self.write(|t| {
            let used = "SELECT EXISTS (SELECT 1 FROM users) OR EXISTS (SELECT 1 FROM clients)";
            if !is_marked(t)? && !t.query_row(used, [], |row| row.get(0))? {
                t.pragma_update(None, "application_id", DEVELOPMENT)?;
            }
            is_marked(t)
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{
        sqlite::testing::{TempFile, WAIT, in_memory, open},
        testing::Fixture,
    };

    #[tokio::test]
    async fn a_directory_in_use_is_never_one_for_development() {
        let fixture = Fixture::new();
        let used = open(&fixture, &in_memory("in-use")).await;
        assert_eq!(used.use_for_development().await, Ok(false));
        assert_eq!(used.is_for_development().await, Ok(false));

        let file = TempFile::new("development");
        let empty = SqliteDirectory::open(fixture.env("idp"), &file.location(), WAIT).await;
        let empty = empty.expect("it opens");
        assert_eq!(empty.is_for_development().await, Ok(false), "not by itself");
        assert_eq!(empty.use_for_development().await, Ok(true));
        drop(empty);
        let filled = open(&fixture, &file.location()).await;
        assert_eq!(filled.use_for_development().await, Ok(true), "once marked, it stays so");
        assert_eq!(filled.is_for_development().await, Ok(true));
    }
}
