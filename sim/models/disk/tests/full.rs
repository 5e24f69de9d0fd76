//! A disk without room for more: what SQLite can still do on it. Measured on a real file system of 256 KB (tmpfs) with SQLite 3.40:
//! a DELETE of no rows succeeds, for nothing is written; an INSERT fails with `SQLITE_FULL`, and is not done; all can be read;
//! with room again the same connection goes on.

use model_disk::Disk;
use rusqlite::{Connection, ErrorCode, OpenFlags};

fn open(uri: &str) -> Connection {
    let connection = Connection::open_with_flags(
        uri,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_URI,
    );
    connection.expect("it opens")
}

fn seats(connection: &Connection) -> u64 {
    let count = connection.query_row("SELECT count(*) FROM sold", [], |row| row.get(0));
    count.expect("it can be read")
}

/// Fills a disk and checks what works; `mode` is the journal mode.
fn on_a_full_disk(mode: &str) {
    let disk = Disk::new();
    let uri = disk.uri("shop.sqlite");
    let shop = open(&uri);
    shop.execute_batch(&format!(
        "PRAGMA journal_mode = {mode}; PRAGMA synchronous = FULL; CREATE TABLE sold (seat INTEGER)"
    ))
    .expect("a table");
    shop.execute("INSERT INTO sold VALUES (1)", []).expect("there is room");
    disk.fill(true);
    assert_eq!(
        shop.execute("DELETE FROM sold WHERE seat = 99", []),
        Ok(0),
        "{mode}: nothing is written"
    );
    let big = "INSERT INTO sold SELECT value FROM (WITH RECURSIVE c(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM c LIMIT 9000) SELECT value FROM c)";
    for _ in 0..3 {
        let error = shop.execute(big, []).expect_err("there is no room");
        assert_eq!(error.sqlite_error_code(), Some(ErrorCode::DiskFull), "{mode}: {error}");
        assert!(shop.is_autocommit() || shop.execute_batch("ROLLBACK").is_ok());
        assert_eq!(seats(&shop), 1, "{mode}: nothing of it was done");
    }
    disk.fill(false);
    shop.execute("INSERT INTO sold VALUES (2)", [])
        .expect("there is room again");
    assert_eq!(seats(&open(&uri)), 2);
    let check: String = shop
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .expect("a verdict");
    assert_eq!(check, "ok");
}

#[test]
fn nothing_can_be_added_with_a_write_ahead_log() {
    on_a_full_disk("WAL");
}

#[test]
fn nothing_can_be_added_with_a_rollback_journal() {
    on_a_full_disk("DELETE");
}

/// A commit of one row.
#[test]
fn a_small_commit_fails_as_well() {
    let disk = Disk::new();
    let shop = open(&disk.uri("shop.sqlite"));
    shop.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE sold (seat INTEGER)")
        .expect("a table");
    disk.fill(true);
    let error = shop
        .execute("INSERT INTO sold VALUES (1)", [])
        .expect_err("there is no room");
    assert_eq!(error.sqlite_error_code(), Some(ErrorCode::DiskFull));
}
