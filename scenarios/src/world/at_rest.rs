//! What the replicas have stored, as whoever copies it would see it: everything that they put into the store, whether or not
//! it has expired since, and all rows of the directory at the end.

use rusqlite::{Connection, types::ValueRef};
use sim::at_rest::Stored;
use std::sync::{Arc, Mutex};

/// What has been put into the store. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct PutIntoStore(Arc<Mutex<Vec<Stored>>>);

impl PutIntoStore {
    /// Adds something that a replica puts.
    pub(crate) fn add(&self, place: &str, value: Vec<u8>) {
        let mut stored = self.0.lock().expect("nobody panics while holding what is stored");
        stored.push(Stored {
            place: place.to_owned(),
            value,
        });
    }

    /// All of it.
    pub(crate) fn all(&self) -> Vec<Stored> {
        self.0
            .lock()
            .expect("nobody panics while holding what is stored")
            .clone()
    }
}

/// Every text and every blob of a database.
///
/// # Errors
/// SQLite's.
pub(crate) fn rows(connection: &Connection) -> rusqlite::Result<Vec<Stored>> {
    let mut stored = vec![];
    each_value(connection, |table, column, value| {
        if let ValueRef::Text(value) | ValueRef::Blob(value) = value {
            stored.push(Stored {
                place: format!("the directory's {table}.{column}"),
                value: value.to_vec(),
            });
        }
    })?;
    Ok(stored)
}

/// Visits every value of every table of a database: table, column, value.
///
/// # Errors
/// SQLite's.
pub(crate) fn each_value(
    connection: &Connection,
    mut visit: impl FnMut(&str, &str, ValueRef<'_>),
) -> rusqlite::Result<()> {
    let mut tables = connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")?;
    let tables: rusqlite::Result<Vec<String>> = tables.query_map([], |row| row.get(0))?.collect();
    for table in tables? {
        let mut statement = connection.prepare(&format!("SELECT * FROM \"{table}\""))?;
        let columns: Vec<String> = statement.column_names().into_iter().map(str::to_owned).collect();
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            for (place, column) in columns.iter().enumerate() {
                visit(&table, column, row.get_ref(place)?);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_and_blob_is_read() {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(
                "CREATE TABLE t (a TEXT, n INTEGER, b BLOB); INSERT INTO t VALUES ('x', 7, x'00ff'), (NULL, 8, NULL);",
            )
            .unwrap();
        let read: Vec<(String, Vec<u8>)> = rows(&connection)
            .unwrap()
            .into_iter()
            .map(|s| (s.place, s.value))
            .collect();
        assert_eq!(
            read,
            [
                ("the directory's t.a".into(), b"x".to_vec()),
                ("the directory's t.b".into(), vec![0, 255])
            ]
        );
    }
}
