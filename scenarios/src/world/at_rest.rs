//! What the replicas have stored, as whoever copies it would see it: everything that they put into the store, whether or not
//! it has expired since, and all rows of the directory at the end.

use idp::{authorize::FLOW, leader::LEASE, limits, mailed_code, redemption::CODE, store::Namespace};
use rusqlite::{Connection, types::ValueRef};
use sim::at_rest::{Kept, Stored};
use spec::Settings;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::time::Instant;

/// What has been put into the store. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct PutIntoStore {
    stored: Arc<Mutex<Vec<Stored>>>,
    /// For how long at least and at most, by call.
    lives: Arc<Mutex<BTreeMap<String, (Duration, Duration)>>>,
    /// What is written more than once, by call and key: when first, and for how long since then at most.
    rewritten: Arc<Mutex<BTreeMap<CallAndKey, (Instant, Duration)>>>,
}

/// A call, and the key under which it writes.
type CallAndKey = (String, String);

/// How long after a request has looked at the clock it may write what it read, milliseconds: its calls before that wait for no longer;
/// and clocks that are nearer than two seconds to each other count as the same.
const WRITTEN_LATE_MS: u64 = 10_000;

impl PutIntoStore {
    /// Adds something that a replica puts.
    pub(crate) fn add(&self, place: &str, value: Vec<u8>) {
        let mut stored = self.stored.lock().expect("nobody panics while holding what is stored");
        stored.push(Stored {
            place: place.to_owned(),
            value,
        });
    }

    /// A call keeps something under a key, from now on for so long.
    pub(crate) fn lives(&self, call: &str, key: &str, now: Instant, lives: Duration) {
        if is_rewritten(call) {
            let mut all = self
                .rewritten
                .lock()
                .expect("nobody panics while holding what is rewritten");
            let (first, longest) = all.entry((call.to_owned(), key.to_owned())).or_insert((now, lives));
            *longest = (*longest).max(now - *first + lives);
        }
        let mut all = self.lives.lock().expect("nobody panics while holding the lifetimes");
        let (shortest, longest) = all.entry(call.to_owned()).or_insert((lives, lives));
        (*shortest, *longest) = (lives.min(*shortest), lives.max(*longest));
    }

    /// For how long each call has kept something, and for how long it may and must. What is written again lives no longer for
    /// that. `clocks_ms`: by how much the clocks of this run are wrong.
    pub(crate) fn kept(&self, clocks_ms: u64, settings: &Settings) -> Vec<Kept> {
        let rewritten = self
            .rewritten
            .lock()
            .expect("nobody panics while holding what is rewritten");
        let again = rewritten.iter().filter_map(|((call, _), (_, longest))| {
            Some(Kept {
                place: format!("what the call \u{201c}{call}\u{201d} writes again"),
                for_ms: longest.as_millis() as u64,
                at_most_ms: settings.get(documented(call)?) + clocks_ms + WRITTEN_LATE_MS,
                at_least: None,
            })
        });
        let lives = self.lives.lock().expect("nobody panics while holding the lifetimes");
        let kept = lives.iter().filter_map(|(call, (shortest, longest))| {
            Some(Kept {
                place: format!("what the call \u{201c}{call}\u{201d} writes"),
                for_ms: longest.as_millis() as u64,
                at_most_ms: settings.get(documented(call)?),
                at_least: at_least(call).map(|row| (shortest.as_millis() as u64, settings.get(row))),
            })
        });
        kept.chain(again).collect()
    }

    /// All of it.
    pub(crate) fn all(&self) -> Vec<Stored> {
        self.stored
            .lock()
            .expect("nobody panics while holding what is stored")
            .clone()
    }
}

/// Whether a call writes what has a lifetime of its own, perhaps for the second time.
fn is_rewritten(call: &str) -> bool {
    let of = [FLOW, CODE, mailed_code::EMAIL_CODE];
    call.strip_prefix("store put ")
        .is_some_and(|namespace| of.iter().any(|of| of.prefix() == namespace))
}

/// The row of `core/LIMITS.md` that says how long a call may keep something. Only a planted bug makes calls of other namespaces.
fn documented(call: &str) -> Option<&'static str> {
    let (command, namespace) = call.rsplit_once(' ')?;
    let is = |of: Namespace| of.prefix() == namespace;
    Some(match command {
        _ if is(FLOW) => "login in progress",
        _ if is(CODE) => "authorization code",
        _ if is(LEASE) => "lease",
        _ if is(mailed_code::EMAIL_CODE) => "mailed code",
        // The mark of a press; and the note of one that failed after it was counted.
        "store put_if_absent" if is(mailed_code::SEND_ONCE) => "one mail",
        // An attempt that goes on; and how many there were in the login, or that one was counted.
        "store put_if_absent" | "store renew" if is(limits::VERIFY_ATTEMPTS) => "same attempt",
        _ if is(limits::VERIFY_ATTEMPTS) => "login in progress",
        _ if IN_WINDOWS.into_iter().any(is) => "limits",
        _ => return None,
    })
}

/// The row that says how long a call must keep something at least. What is written back has less than its lifetime left.
fn at_least(call: &str) -> Option<&'static str> {
    let (command, namespace) = call.rsplit_once(' ')?;
    match command {
        "store count" => documented(call),
        // The note of an attempt that goes on is renewed before it ends.
        "store put_if_absent" | "store renew" if namespace != limits::VERIFY_ATTEMPTS.prefix() => documented(call),
        "store put" if namespace == mailed_code::SEND_ONCE.prefix() => documented(call),
        "store put" if namespace == limits::VERIFY_ATTEMPTS.prefix() => Some("same attempt"),
        _ => None,
    }
}

/// What lives as long as a window of limits.
const IN_WINDOWS: [Namespace; 6] = [
    limits::LOGIN_ATTEMPTS,
    limits::CLIENT_ATTEMPTS,
    limits::CLIENT_SENDS,
    limits::LONG_LOGINS,
    limits::SENDS,
    mailed_code::SEND_ONCE,
];

/// For how long rows of the directory go on to be kept, and may be by `core/LIMITS.md`; by table. What is remembered because it is
/// of no use any more is so until nobody takes it for valid, however wrong their clock may be. `clocks_ms`: by how much the clocks
/// of this run are wrong.
///
/// # Errors
/// SQLite's.
pub(crate) fn kept_rows(
    connection: &Connection,
    now_ms: u64,
    clocks_ms: u64,
    settings: &Settings,
) -> rusqlite::Result<Vec<Kept>> {
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
        let ms = |row: &str| settings.get(row);
        let at_most_ms = match table.as_str() {
            "sessions" => ms("session"),
            "ended_sessions" => ms("session") + ms("disagreement of clocks"),
            "tokens" => ms("access token"),
            "known_browsers" => ms("known browser"),
            "spent" => ms("authorization code").max(ms("mailed code")) + ms("disagreement of clocks"),
            table => panic!("how long rows of {table} are kept is not said here"),
        };
        Kept {
            at_least: None,
            place: format!("a row of the directory's {table}"),
            for_ms: end_ms.saturating_sub(now_ms),
            at_most_ms: at_most_ms + clocks_ms,
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
    fn what_a_call_writes_lives_as_long_as_its_row_says() {
        for (call, row) in [
            ("store put auth:oidc:flow", "login in progress"),
            ("store put_if_absent auth:limit:send-once", "one mail"),
            ("store put auth:limit:send-once", "limits"),
            ("store renew auth:limit:verify", "same attempt"),
            ("store count auth:limit:verify", "login in progress"),
            ("store count auth:limit:client-send", "limits"),
            ("store count auth:limit:long-login", "limits"),
        ] {
            assert_eq!(documented(call), Some(row), "{call}");
        }
        assert_eq!(documented("store put auth"), None, "a planted bug's");
        let sites = crate::world::calls::CALLS.iter().map(|site| site.name);
        let named = sites.filter(|call| call.starts_with("store ") && call.contains(" auth:"));
        assert!(named.into_iter().all(|call| documented(call).is_some()));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_written_again_lives_no_longer() {
        let settings = Settings::default();
        let is_kept_longer = |late_ms: u64, lives_ms: u64, clocks_ms: u64| {
            let (put, now) = (PutIntoStore::default(), Instant::now());
            let call = "store put auth:oidc:flow";
            let lives = |after_ms: u64, key: &str, ms: u64| {
                put.lives(
                    call,
                    key,
                    now + Duration::from_millis(after_ms),
                    Duration::from_millis(ms),
                );
            };
            let full_ms = settings.get("login in progress");
            lives(0, "one", full_ms);
            lives(late_ms, "another", full_ms);
            lives(late_ms, "one", full_ms - lives_ms);
            put.kept(clocks_ms, &settings)
                .iter()
                .any(|kept| kept.for_ms > kept.at_most_ms)
        };
        assert!(!is_kept_longer(60_000, 60_000, 0));
        assert!(!is_kept_longer(60_000, 50_000, 0));
        assert!(is_kept_longer(60_000, 49_999, 0));
        assert!(!is_kept_longer(60_000, 0, 50_000));
    }

    #[test]
    fn rows_are_kept_as_long_as_documented_and_as_clocks_are_wrong() {
        let kept = |table: &str, end_ms: u64, clocks_ms: u64| {
            let connection = Connection::open_in_memory().unwrap();
            let column = if table == "spent" {
                "remember_until"
            } else {
                "expires_at"
            };
            let make = format!(
                "CREATE TABLE {table} (a TEXT, {column} INTEGER);
                 INSERT INTO {table} VALUES ('x', 7), ('y', {end_ms}), ('z', NULL)"
            );
            connection.execute_batch(&make).unwrap();
            let kept = kept_rows(&connection, 1_000, clocks_ms, &Settings::default()).unwrap();
            assert_eq!(kept.len(), 1);
            kept[0].for_ms <= kept[0].at_most_ms
        };
        for (table, lives_ms) in [
            ("sessions", 43_200_000),
            ("tokens", 3_600_000),
            ("known_browsers", 15_552_000_000),
            ("spent", 900_000),
        ] {
            assert!(kept(table, 1_000 + lives_ms, 0), "{table}");
            assert!(!kept(table, 1_001 + lives_ms, 0), "{table}");
            assert!(kept(table, 1_001 + lives_ms, 1), "{table}");
        }
    }

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
