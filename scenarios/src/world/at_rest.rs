//! What the replicas have stored, as whoever copies it would see it: everything that they put into the store, whether or not
//! it has expired since, and all rows of the directory at the end.

use idp::{authorize::FLOW, leader::LEASE, limits, mailed_code, redemption::CODE};
use rusqlite::{Connection, types::ValueRef};
use sim::at_rest::{Kept, Stored};
use spec::Settings;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

/// What has been put into the store. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct PutIntoStore {
    stored: Arc<Mutex<Vec<Stored>>>,
    /// For how long at most, by call.
    lives: Arc<Mutex<BTreeMap<String, Duration>>>,
}

impl PutIntoStore {
    /// Adds something that a replica puts.
    pub(crate) fn add(&self, place: &str, value: Vec<u8>) {
        let mut stored = self.stored.lock().expect("nobody panics while holding what is stored");
        stored.push(Stored {
            place: place.to_owned(),
            value,
        });
    }

    /// A call keeps something for so long.
    pub(crate) fn lives(&self, call: &str, lives: Duration) {
        let mut all = self.lives.lock().expect("nobody panics while holding the lifetimes");
        let longest = all.entry(call.to_owned()).or_default();
        *longest = lives.max(*longest);
    }

    /// For how long each call has kept something at most, and for how long it may.
    pub(crate) fn kept(&self, settings: &Settings) -> Vec<Kept> {
        let lives = self.lives.lock().expect("nobody panics while holding the lifetimes");
        let kept = lives.iter().map(|(call, lives)| Kept {
            place: format!("what the call \u{201c}{call}\u{201d} writes"),
            for_ms: lives.as_millis() as u64,
            at_most_ms: documented_ms(call, settings),
        });
        kept.collect()
    }

    /// All of it.
    pub(crate) fn all(&self) -> Vec<Stored> {
        self.stored
            .lock()
            .expect("nobody panics while holding what is stored")
            .clone()
    }
}

/// How long a call may keep something, by `core/LIMITS.md`.
fn documented_ms(call: &str, settings: &Settings) -> u64 {
    let (command, namespace) = call.rsplit_once(' ').expect("a call of the store has a namespace");
    let is = |of: idp::store::Namespace| of.prefix() == namespace;
    settings.get(match command {
        _ if is(FLOW) => "login in progress",
        _ if is(CODE) => "authorization code",
        _ if is(LEASE) => "lease",
        _ if is(mailed_code::EMAIL_CODE) => "mailed code",
        // The mark of a press; and the note of one that failed after it was counted.
        "store put_if_absent" if is(mailed_code::SEND_ONCE) => "one mail",
        // An attempt that goes on; and how many there were in the login, or that one was counted.
        "store put_if_absent" | "store renew" if is(limits::VERIFY_ATTEMPTS) => "same attempt",
        _ if is(limits::VERIFY_ATTEMPTS) => "login in progress",
        _ => "limits",
    })
}

/// For how long rows of the directory go on to be kept, by `core/LIMITS.md`, milliseconds; by table. A code that is spent, or a
/// session that was ended, is remembered until nobody takes it for valid any more, however wrong their clock is.
pub(crate) fn kept_rows(connection: &Connection, now_ms: u64, settings: &Settings) -> rusqlite::Result<Vec<Kept>> {
    let slack_ms = settings.get("disagreement of clocks");
    let mut ends: BTreeMap<String, u64> = BTreeMap::new();
    each_value(connection, |table, column, value| {
        if let ValueRef::Integer(ms) = value
            && ENDS.contains(&column)
        {
            let latest = ends.entry(table.to_owned()).or_default();
            *latest = (*latest).max(u64::try_from(ms).unwrap_or(0));
        }
    })?;
    let kept = ends.into_iter().map(|(table, end_ms)| {
        let of: &[&str] = match table.as_str() {
            "sessions" | "ended_sessions" => &["session"],
            "tokens" => &["access token"],
            "known_browsers" => &["known browser"],
            "spent" => &["authorization code", "mailed code"],
            table => panic!("how long rows of {table} are kept is not said here"),
        };
        let longest = of.iter().map(|row| settings.get(row)).max().unwrap_or(0);
        Kept {
            place: format!("a row of the directory's {table}"),
            for_ms: end_ms.saturating_sub(now_ms),
            at_most_ms: longest + 2 * slack_ms,
        }
    });
    Ok(kept.collect())
}

/// A column of this name says when its row ends.
pub(crate) const ENDS: [&str; 2] = ["expires_at", "remember_until"];

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
