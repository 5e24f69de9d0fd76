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
    /// A DELETE whose parameter `?1` is a time: it deletes the rows that had expired by then.
    pub delete: &'static str,
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

/// The version that a database has; 0 if it has no tables of ours.
pub(super) fn found(connection: &Connection) -> rusqlite::Result<u32> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Brings a database up to the newest version: executes what it has not executed yet, in the order of the versions and
/// within one in the order of the list. Leaves a current database as it is. The inner error is the version of a database
/// that is newer than this release.
pub(super) fn prepare(transaction: &Connection, schemas: &[Schema]) -> rusqlite::Result<Result<(), u32>> {
    let found = found(transaction)?;
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
