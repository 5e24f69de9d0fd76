//! Times, as SQLite keeps them: signed whole numbers.

use rusqlite::Row;
use seams::Timestamp;

/// A time as the value of a column.
pub(crate) fn ms(time: Timestamp) -> i64 {
    time.0 as i64
}

/// The time in a column.
///
/// # Errors
/// There is no such column, or it is no number.
pub(crate) fn timestamp(row: &Row<'_>, column: &str) -> rusqlite::Result<Timestamp> {
    Ok(Timestamp(row.get::<_, i64>(column)? as u64))
}
