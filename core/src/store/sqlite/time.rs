//! Times, as SQLite keeps them: whole numbers with a sign.

use crate::seams::Timestamp;
use rusqlite::Row;

/// A time for a column.
pub(super) fn ms(time: Timestamp) -> i64 {
    time.0 as i64
}

/// A column's time.
pub(super) fn timestamp(row: &Row<'_>, column: &str) -> rusqlite::Result<Timestamp> {
    Ok(Timestamp(row.get::<_, i64>(column)? as u64))
}
