//! Two connections to one file: what each may do while the other does something. The first tests perform the same on the
//! simulated disk and on a real file, so that the two are compared.

use model_disk::Disk;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::{path::PathBuf, time::Duration};

/// Where a file is.
enum Place {
    Simulated(Disk),
    Real(PathBuf),
}

impl Place {
    /// A place on either kind of disk, for one test.
    fn both(test: &str) -> [Place; 2] {
        let name = format!("model-disk-{}-{test}.sqlite", std::process::id());
        [
            Place::Simulated(Disk::new()),
            Place::Real(std::env::temp_dir().join(name)),
        ]
    }

    fn open(&self) -> Connection {
        let connection = match self {
            Place::Simulated(disk) => Connection::open(disk.uri("shop.sqlite")),
            Place::Real(path) => Connection::open(path),
        };
        let connection = connection.expect("it opens");
        connection.busy_timeout(Duration::ZERO).expect("no waiting");
        connection
    }

    fn has_log(&self) -> bool {
        match self {
            Place::Simulated(disk) => disk.files().contains(&"shop.sqlite-wal".to_owned()),
            Place::Real(path) => path.with_extension("sqlite-wal").exists(),
        }
    }

    /// Two connections in this journal mode, to a file with a table of one row.
    fn two(&self, mode: &str) -> (Connection, Connection) {
        let (first, second) = (self.open(), self.open());
        let found: String = first
            .query_row(&format!("PRAGMA journal_mode = {mode}"), [], |row| row.get(0))
            .expect("a mode");
        assert_eq!(found, mode);
        first
            .execute_batch("CREATE TABLE sold (seat INTEGER); INSERT INTO sold VALUES (1)")
            .expect("a table");
        assert_eq!(sold(&second), Ok(1));
        (first, second)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Place::Real(path) = self {
            for suffix in ["sqlite", "sqlite-wal", "sqlite-shm"] {
                let _ = std::fs::remove_file(path.with_extension(suffix)); // it need not be there
            }
        }
    }
}

fn sold(connection: &Connection) -> Result<u64, ErrorCode> {
    connection
        .query_row("SELECT count(*) FROM sold", [], |row| row.get(0))
        .map_err(|error| error.sqlite_error_code().expect("an error of SQLite's"))
}

fn execute(connection: &Connection, sql: &str) -> Result<(), ErrorCode> {
    let executed = connection.execute_batch(sql);
    executed.map_err(|error| error.sqlite_error_code().expect("an error of SQLite's"))
}

const SELL: &str = "INSERT INTO sold VALUES (2)";
const BUSY: ErrorCode = ErrorCode::DatabaseBusy;

#[test]
fn with_a_rollback_journal_one_writes_when_nobody_reads() {
    for place in Place::both("rollback") {
        let (first, second) = place.two("delete");
        execute(&first, "BEGIN IMMEDIATE").expect("RESERVED");
        assert_eq!(execute(&second, "BEGIN IMMEDIATE"), Err(BUSY), "one RESERVED");
        execute(&second, "BEGIN").expect("no lock yet");
        assert_eq!(sold(&second), Ok(1), "SHARED beside RESERVED");
        execute(&first, SELL).expect("in its own memory");
        assert_eq!(execute(&first, "COMMIT"), Err(BUSY), "PENDING until nobody reads");
        execute(&second, "COMMIT").expect("it has only read");
        assert_eq!(sold(&second), Err(BUSY), "nobody may begin to read");
        execute(&first, "COMMIT").expect("EXCLUSIVE");
        assert_eq!(sold(&second), Ok(2));
        execute(&first, "BEGIN EXCLUSIVE").expect("EXCLUSIVE");
        assert_eq!(sold(&second), Err(BUSY));
        drop(first);
        assert_eq!(sold(&second), Ok(2), "locks end with their connection");
        execute(&second, SELL).expect("nobody else is there");
    }
}

#[test]
fn with_a_write_ahead_log_readers_and_a_writer_do_not_disturb_each_other() {
    for place in Place::both("wal") {
        let (first, second) = place.two("wal");
        execute(&first, "BEGIN IMMEDIATE").expect("the write lock");
        assert_eq!(execute(&second, "BEGIN IMMEDIATE"), Err(BUSY));
        assert_eq!(execute(&second, SELL), Err(BUSY));
        assert_eq!(sold(&second), Ok(1), "readers go on");
        execute(&first, SELL).expect("written");
        assert_eq!(sold(&second), Ok(1), "it is not committed");

        execute(&second, "BEGIN").expect("no lock yet");
        assert_eq!(sold(&second), Ok(1), "a snapshot");
        execute(&first, "COMMIT").expect("committed beside a reader");
        assert_eq!((sold(&first), sold(&second)), (Ok(2), Ok(1)));
        assert_eq!(execute(&second, SELL), Err(BUSY), "its snapshot is old");
        execute(&second, "COMMIT").expect("it has only read");
        assert_eq!(sold(&second), Ok(2));
    }
}

#[test]
fn a_checkpoint_waits_for_old_readers() {
    for place in Place::both("checkpoint") {
        let (first, second) = place.two("wal");
        let checkpoint = |connection: &Connection| -> (u64, u64) {
            let frames = |row: &rusqlite::Row<'_>| Ok((row.get("log")?, row.get("checkpointed")?));
            connection
                .query_row("PRAGMA wal_checkpoint(PASSIVE)", [], frames)
                .expect("a checkpoint")
        };
        execute(&second, "BEGIN").expect("no lock yet");
        assert_eq!(sold(&second), Ok(1), "a snapshot");
        execute(&first, SELL).expect("committed");
        let (log, checkpointed) = checkpoint(&first);
        assert!(checkpointed < log, "{checkpointed} of {log}");
        assert_eq!(sold(&second), Ok(1));
        execute(&second, "COMMIT").expect("it has only read");
        let (log, checkpointed) = checkpoint(&first);
        assert_eq!(checkpointed, log);
        assert!(place.has_log());
        drop(first);
        assert!(place.has_log());
        drop(second);
        assert!(!place.has_log(), "the last connection deletes it");
    }
}

/// What each of some random steps of three connections gives: a count, or SQLite's extended code.
fn random_steps(place: &Place, mode: &str, seed: u64) -> Vec<(usize, &'static str, Result<u64, i32>)> {
    const STEPS: [&str; 9] = [
        "BEGIN",
        "BEGIN IMMEDIATE",
        "BEGIN EXCLUSIVE",
        "INSERT INTO sold VALUES (2)",
        "DELETE FROM sold WHERE rowid % 7 = 0",
        "SELECT count(*) FROM sold",
        "COMMIT",
        "ROLLBACK",
        "PRAGMA wal_checkpoint(TRUNCATE)",
    ];
    let (first, second) = place.two(mode);
    let mut connections = [first, second, place.open()];
    for connection in &connections {
        execute(connection, "PRAGMA synchronous = OFF; PRAGMA wal_autocheckpoint = 5").expect("settings");
    }
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    let steps = (0..120).map(|_| {
        let who = dice.random_range(0..connections.len());
        let step = STEPS[dice.random_range(0..STEPS.len())];
        if dice.random_range(0..30) == 0 {
            connections[who] = place.open(); // with whatever the other one has begun
        }
        let gave = connections[who].prepare(step).and_then(|mut statement| {
            let mut rows = statement.query([])?;
            let first = rows.next()?.map(|row| row.get(0)).transpose()?;
            while rows.next()?.is_some() {}
            Ok(first.unwrap_or_default())
        });
        let code = |error: rusqlite::Error| error.sqlite_error().expect("an error of SQLite's").extended_code;
        (who, step, gave.map_err(code))
    });
    steps.collect()
}

#[test]
fn random_steps_give_what_they_give_on_a_real_file() {
    let mut busy = 0;
    for mode in ["delete", "wal"] {
        for seed in 0..20 {
            let [simulated, real] =
                Place::both(&format!("random-{mode}-{seed}")).map(|place| random_steps(&place, mode, seed));
            assert_eq!(simulated, real, "{mode}, seed {seed}");
            let is_busy = |gave: &Result<u64, i32>| gave.is_err_and(|code| code & 0xff == 5);
            busy += simulated.iter().filter(|(.., gave)| is_busy(gave)).count();
        }
    }
    assert!(busy > 250, "{busy} locks were in the way");
}

#[test]
fn disks_are_independent_and_files_outlive_their_connections() {
    let (here, there) = (Disk::new(), Disk::new());
    let open = |disk: &Disk| Place::Simulated(disk.clone()).open();
    for disk in [&here, &there] {
        execute(&open(disk), "CREATE TABLE sold (seat INTEGER)").expect("a table");
    }
    execute(&open(&here), SELL).expect("sold");
    assert_eq!((sold(&open(&here)), sold(&open(&there))), (Ok(1), Ok(0)));
    let uri = there.uri("shop.sqlite");
    let files = Disk::of(&uri).map(|disk| disk.files());
    assert_eq!(files, Some(vec!["shop.sqlite".to_owned()]));
    let last = open(&there);
    drop(there);
    assert_eq!(sold(&last), Ok(0), "as long as it is open");
    drop(last);
    assert!(Disk::of(&uri).is_none());
    let refused = Connection::open(&uri).expect_err("the disk is gone");
    assert_eq!(refused.sqlite_error_code(), Some(ErrorCode::CannotOpen));
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_URI;
    let refused = Connection::open_with_flags(here.uri("other.sqlite"), flags).expect_err("not created");
    assert_eq!(refused.sqlite_error_code(), Some(ErrorCode::CannotOpen));
}

#[test]
fn temporary_files_leave_nothing_behind() {
    let disk = Disk::new();
    let (first, _second) = Place::Simulated(disk.clone()).two("wal");
    execute(&first, "PRAGMA temp_store = FILE; PRAGMA cache_size = 10").expect("settings");
    let sum: u64 = first
        .query_row(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
             SELECT sum(i) FROM (SELECT i FROM n ORDER BY hex(i * 7919 % 20011) || zeroblob(100) LIMIT 20000)",
            [],
            |row| row.get(0),
        )
        .expect("a sort that does not fit in memory");
    assert_eq!(sum, 20_000 * 20_001 / 2);
    execute(&first, "CREATE TEMP TABLE t AS SELECT randomblob(100000)").expect("a temporary table");
    assert_eq!(disk.files(), ["shop.sqlite", "shop.sqlite-wal"]);
}

#[test]
fn time_stands_still() {
    let (first, _second) = Place::Simulated(Disk::new()).two("wal");
    let now: String = first
        .query_row("SELECT datetime('now')", [], |row| row.get(0))
        .expect("a time");
    assert_eq!(now, "1970-01-01 00:00:00");
}
