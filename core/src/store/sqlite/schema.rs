//! The tables of all matters, and how a database gets them.

use rusqlite::Connection;
use std::time::Duration;

/// What one matter keeps in the directory. Its module defines it; [`crate::registry::SCHEMAS`] lists them all.
///
/// Times are milliseconds since the Unix epoch.
#[derive(Debug, Clone, Copy)]
pub struct Schema {
    /// Name of the matter, for error messages and tests.
    pub matter: &'static str,
    /// Statements, each with the version of the directory that it came with, ascending. A statement that has been
    /// released never changes: a database has executed it. A change is a further statement with the next version.
    pub statements: &'static [(u32, &'static str)],
    /// Rows that expire.
    pub expiring: &'static [Expiring],
}

/// Rows that the leader deletes when their time is over.
#[derive(Debug, Clone, Copy)]
pub struct Expiring {
    /// Their table.
    pub table: &'static str,
    /// The condition that a row has expired by the time `?1`.
    pub when: &'static str,
    /// How much longer they are kept.
    pub kept_for: Duration,
}

/// The version that a release with these schemas writes: `PRAGMA user_version`.
pub(super) fn version(schemas: &[Schema]) -> u32 {
    let versions = schemas.iter().flat_map(|schema| schema.statements);
    versions.map(|(version, _)| *version).max().unwrap_or(0)
}

/// What to do with a database that has no tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IfEmpty {
    /// Make them.
    Fill,
    /// Leave it as it is: somebody has mistyped its name.
    Refuse,
}

/// What is in a database before anything is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// No table at all.
    Nothing,
    /// A directory, of any release.
    Ours,
    /// Tables, but no version: this service writes both in one transaction.
    Others,
}

/// What is there. One statement, for another replica may be making the tables at this moment.
pub(super) fn found(connection: &Connection) -> rusqlite::Result<Found> {
    let both = "SELECT user_version, EXISTS (SELECT * FROM sqlite_schema) FROM pragma_user_version";
    let (version, has_tables): (u32, bool) = connection.query_row(both, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(match (version, has_tables) {
        (0, false) => Found::Nothing,
        (0, true) => Found::Others,
        _ => Found::Ours,
    })
}

/// The version that a database has; 0 if it has no tables of ours.
fn version_of(connection: &Connection) -> rusqlite::Result<u32> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Brings a database up to the newest version: executes what it has not executed yet, in the order of the versions and
/// within one in the order of the list. Leaves a current database as it is. The inner error is the version of a database
/// that is newer than this release.
pub(super) fn prepare(transaction: &Connection, schemas: &[Schema]) -> rusqlite::Result<Result<(), u32>> {
    let found = version_of(transaction)?;
    let newest = version(schemas);
    if found > newest {
        return Ok(Err(found));
    }
    if found < newest {
        for missing in found + 1..=newest {
            let statements = schemas.iter().flat_map(|schema| schema.statements);
            for (_, statement) in statements.filter(|(version, _)| *version == missing) {
                transaction.execute_batch(statement)?;
            }
        }
        transaction.pragma_update(None, "user_version", newest)?;
    }
    Ok(Ok(()))
}
