//! Two connections to one file: what each may do while the other does something.

use model_disk::Disk;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::time::Duration;

fn open(disk: &Disk) -> Connection {
    let connection = Connection::open(disk.uri("shop.sqlite")).expect("it opens");
    connection.busy_timeout(Duration::ZERO).expect("no waiting");
    connection
}

/// A disk with a table of one row, and two connections in this journal mode.
fn two(mode: &str) -> (Disk, Connection, Connection) {
    let disk = Disk::new();
    let (first, second) = (open(&disk), open(&disk));
    let found: String = first
        .query_row(&format!("PRAGMA journal_mode = {mode}"), [], |row| row.get(0))
        .expect("a mode");
    assert_eq!(found, mode);
    first
        .execute_batch("CREATE TABLE sold (seat INTEGER); INSERT INTO sold VALUES (1)")
        .expect("a table");
    assert_eq!(sold(&second), Ok(1));
    (disk, first, second)
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
    let (_disk, first, second) = two("delete");
    execute(&first, "BEGIN IMMEDIATE").expect("RESERVED");
    assert_eq!(execute(&second, "BEGIN IMMEDIATE"), Err(BUSY), "one RESERVED");
    execute(&second, "BEGIN").expect("no lock yet");
    assert_eq!(sold(&second), Ok(1), "SHARED beside RESERVED");
    execute(&first, SELL).expect("in its own memory");
    assert_eq!(execute(&first, "COMMIT"), Err(BUSY), "PENDING until nobody reads");
    let third = execute(&second, "COMMIT").map(|()| sold(&second));
    assert_eq!(third, Ok(Err(BUSY)), "nobody may begin to read");
    execute(&first, "COMMIT").expect("EXCLUSIVE");
    assert_eq!(sold(&second), Ok(2));
    execute(&first, "BEGIN EXCLUSIVE").expect("EXCLUSIVE");
    assert_eq!(sold(&second), Err(BUSY));
    drop(first);
    assert_eq!(sold(&second), Ok(2), "locks end with their connection");
    execute(&second, SELL).expect("nobody else is there");
}

#[test]
fn with_a_write_ahead_log_readers_and_a_writer_do_not_disturb_each_other() {
    let (_disk, first, second) = two("wal");
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

#[test]
fn a_checkpoint_waits_for_old_readers() {
    let (disk, first, second) = two("wal");
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
    assert_eq!(disk.files(), ["shop.sqlite", "shop.sqlite-wal"]);
    drop((first, second));
    assert_eq!(disk.files(), ["shop.sqlite"], "the last connection deletes the log");
}

#[test]
fn disks_are_independent_and_files_outlive_their_connections() {
    let (here, there) = (Disk::new(), Disk::new());
    for disk in [&here, &there] {
        let connection = open(disk);
        execute(&connection, "CREATE TABLE sold (seat INTEGER)").expect("a table");
    }
    execute(&open(&here), SELL).expect("sold");
    assert_eq!((sold(&open(&here)), sold(&open(&there))), (Ok(1), Ok(0)));
    let uri = there.uri("shop.sqlite");
    assert_eq!(
        Disk::of(&uri).map(|disk| disk.files()),
        Some(vec!["shop.sqlite".to_owned()])
    );
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
    let (disk, first, _second) = two("wal");
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
    let (_disk, first, _second) = two("wal");
    let now: String = first
        .query_row("SELECT datetime('now')", [], |row| row.get(0))
        .expect("a time");
    assert_eq!(now, "1970-01-01 00:00:00");
}
