//! Values, as SQLite keeps them: times are signed whole numbers, short lists of texts are JSON.

use rusqlite::{Row, types::Type};
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

/// A list of texts as the value of a column.
pub(crate) fn written(list: &[String]) -> String {
    serde_json::to_string(list).expect("a list of texts encodes")
}

/// The list of texts in a column.
///
/// # Errors
/// There is no such column, or it is no such list.
pub(crate) fn list(row: &Row<'_>, column: &str) -> rusqlite::Result<Vec<String>> {
    let text: String = row.get(column)?;
    let unreadable = |error| rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(error));
    serde_json::from_str(&text).map_err(unreadable)
}
