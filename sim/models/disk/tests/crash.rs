//! Power losses at every operation of a workload: all that was committed and synced is there afterwards, and nothing by half.

use model_disk::Disk;
use rusqlite::{Connection, params};
use std::time::Duration;

/// Rows of one transaction. They are on several pages.
const ROWS: u64 = 6;
const TRANSACTIONS: u64 = 14;

#[derive(Clone, Copy)]
struct Settings {
    journal: &'static str,
    synchronous: &'static str,
    /// How many pages a connection keeps in memory. SQLite counts the pages of all connections of the process, so that what
    /// a small cache spills depends on the other tests.
    cache: u32,
    /// After how many pages in the log they are written to the file.
    checkpoint: u32,
}

const WAL_FULL: Settings = Settings {
    journal: "wal",
    synchronous: "FULL",
    cache: 4, // so that pages are spilled before the commit
    checkpoint: 40,
};

/// With FULL, and without a write-ahead log, the deletion of the journal is not synced, and with it the last commit.
const DELETE_EXTRA: Settings = Settings {
    journal: "delete",
    synchronous: "EXTRA",
    ..WAL_FULL
};

fn open(disk: &Disk, settings: Settings) -> rusqlite::Result<Connection> {
    let connection = Connection::open(disk.uri("shop.sqlite"))?;
    connection.busy_timeout(Duration::ZERO)?;
    connection.execute_batch(&format!(
        "PRAGMA page_size = 1024; PRAGMA synchronous = {}; PRAGMA wal_autocheckpoint = {}; PRAGMA cache_size = {};",
        settings.synchronous, settings.checkpoint, settings.cache
    ))?;
    let _mode: String = connection.query_row(&format!("PRAGMA journal_mode = {}", settings.journal), [], |row| {
        row.get(0)
    })?;
    Ok(connection)
}

/// A disk with an empty table, whatever the settings of the workload.
fn prepared() -> Disk {
    let disk = Disk::new();
    let connection = open(&disk, WAL_FULL).expect("it opens");
    connection
        .execute_batch(
            "CREATE TABLE sold (sale INTEGER, seat INTEGER, text TEXT, PRIMARY KEY (sale, seat));
             CREATE TABLE total (sales INTEGER); INSERT INTO total VALUES (0);",
        )
        .expect("tables");
    disk
}

fn sell(connection: &Connection, sale: u64) -> rusqlite::Result<()> {
    connection.execute_batch("BEGIN IMMEDIATE")?;
    let sold = (|| {
        for seat in 0..ROWS {
            let text = "x".repeat(300 + 70 * seat as usize);
            connection.execute("INSERT INTO sold VALUES (?1, ?2, ?3)", params![sale, seat, text])?;
        }
        // Pages are freed and used again, so that a checkpoint overwrites what it has written before.
        connection.execute("UPDATE sold SET text = '' WHERE sale = ?1 - 3", [sale])?;
        connection.execute("UPDATE total SET sales = ?1", [sale])?;
        connection.execute_batch("COMMIT")
    })();
    if sold.is_err() && !connection.is_autocommit() {
        let _ = connection.execute_batch("ROLLBACK"); // it may be that there is nothing to go back to
    }
    sold
}

/// Sells over two connections until all is sold or the power is lost. Returns how many sales were acknowledged.
fn work([first, second]: &[Connection; 2]) -> u64 {
    let sales = (1..=TRANSACTIONS).take_while(|sale| sell(if sale % 3 == 0 { second } else { first }, *sale).is_ok());
    sales.count() as u64
}

/// Opens two connections, works, and closes them; the last one writes the log back into the file. Returns how many sales
/// were acknowledged.
fn work_and_close(disk: &Disk, settings: Settings) -> u64 {
    let (first, second) = (open(disk, settings), open(disk, settings));
    match (first, second) {
        (Ok(first), Ok(second)) => work(&[first, second]),
        _ => 0,
    }
}

/// The sales that are there after the power has come back.
fn found(disk: &Disk) -> Result<u64, String> {
    let text = |error: rusqlite::Error| error.to_string();
    let connection = open(disk, WAL_FULL).map_err(text)?;
    let check: String = connection
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .map_err(text)?;
    if check != "ok" {
        return Err(check);
    }
    let total: u64 = connection
        .query_row("SELECT sales FROM total", [], |row| row.get(0))
        .map_err(text)?;
    let mut statement = connection
        .prepare("SELECT sale, count(*) FROM sold GROUP BY sale ORDER BY sale")
        .map_err(text)?;
    let rows = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .map_err(text)?;
    let sales: Vec<(u64, u64)> = rows.collect::<rusqlite::Result<_>>().map_err(text)?;
    let whole: Vec<(u64, u64)> = (1..=total).map(|sale| (sale, ROWS)).collect();
    if sales != whole {
        return Err(format!("{total} sales, and these are there: {sales:?}"));
    }
    Ok(total)
}

/// Loses power at each operation of the workload in turn, under several seeds.
fn at_every_operation(settings: Settings, check: impl Fn(u64, Result<u64, String>) -> Result<(), String>) {
    let disk = prepared();
    let before = disk.operations();
    assert_eq!(work_and_close(&disk, settings), TRANSACTIONS);
    assert_eq!(found(&disk), Ok(TRANSACTIONS));
    let operations = disk.operations() - before;
    assert!(
        settings.journal != "wal" || operations > 20 * TRANSACTIONS,
        "too few for checkpoints: {operations}"
    );
    for seed in 0..4 {
        for operation in 1..=operations {
            let disk = prepared();
            disk.lose_power_at(operation, seed);
            let acknowledged = work_and_close(&disk, settings);
            disk.lose_power(seed); // it may have had fewer operations this time
            if let Err(why) = check(acknowledged, found(&disk)) {
                panic!("power lost at operation {operation}, seed {seed}, {acknowledged} acknowledged: {why}");
            }
        }
    }
}

fn all_that_was_acknowledged(acknowledged: u64, found: Result<u64, String>) -> Result<(), String> {
    let found = found?;
    match [acknowledged, acknowledged + 1].contains(&found) {
        true => Ok(()),
        false => Err(format!("{found} are there")),
    }
}

#[test]
fn a_write_ahead_log_that_is_synced_loses_nothing() {
    at_every_operation(WAL_FULL, all_that_was_acknowledged);
}

#[test]
fn a_rollback_journal_that_is_synced_loses_nothing() {
    at_every_operation(DELETE_EXTRA, all_that_was_acknowledged);
}

/// What happens if the power is lost after the workload, for 60 seeds: how often nothing was lost, how often whole sales,
/// and how often the database is damaged.
fn afterwards(settings: Settings, ignores_syncs: bool) -> [usize; 3] {
    let mut times = [0; 3];
    for seed in 0..60 {
        let disk = prepared();
        disk.ignore_syncs(ignores_syncs);
        let connections = [open(&disk, settings), open(&disk, settings)].map(|opened| opened.expect("it opens"));
        assert_eq!(work(&connections), TRANSACTIONS);
        disk.lose_power(seed);
        times[match found(&disk) {
            Ok(TRANSACTIONS) => 0,
            Ok(_) => 1,
            Err(_) => 2,
        }] += 1;
    }
    times
}

#[test]
fn what_is_not_synced_can_be_lost() {
    assert_eq!(afterwards(WAL_FULL, false), [60, 0, 0]);
    let normal = Settings {
        synchronous: "NORMAL",
        cache: 1000,
        checkpoint: 200,
        ..WAL_FULL
    };
    let [_, lost, damaged] = afterwards(normal, false);
    assert!(lost > 10, "commits since the last checkpoint: {lost}");
    assert_eq!(damaged, 0, "SQLite's promise for NORMAL");
    let off = Settings {
        synchronous: "OFF",
        ..WAL_FULL
    };
    for [kept, lost, damaged] in [afterwards(off, false), afterwards(WAL_FULL, true)] {
        assert!(lost > 0 && damaged > 0, "kept {kept}, lost {lost}, damaged {damaged}");
    }
}

#[test]
fn equal_seeds_lose_the_same() {
    let settings = Settings {
        cache: 1000,
        ..WAL_FULL
    };
    let run = |seed| {
        let disk = prepared();
        disk.ignore_syncs(true);
        work_and_close(&disk, settings);
        (disk.operations(), disk.lose_power(seed), found(&disk))
    };
    let losses: Vec<_> = (0..20).map(run).collect();
    assert_eq!(losses, (0..20).map(run).collect::<Vec<_>>());
    assert!(losses.iter().any(|(_, loss, _)| loss.torn > 1));
}

#[test]
fn a_power_loss_ends_connections_and_their_locks() {
    let disk = prepared();
    let first = open(&disk, WAL_FULL).expect("it opens");
    first.execute_batch("BEGIN IMMEDIATE").expect("the write lock");
    first.execute_batch("UPDATE total SET sales = 9").expect("written");
    disk.lose_power(1);
    let error = first
        .execute_batch("COMMIT")
        .expect_err("its machine is gone")
        .sqlite_error_code();
    assert_eq!(error, Some(rusqlite::ErrorCode::SystemIoFailure));
    let second = open(&disk, WAL_FULL).expect("it opens");
    sell(&second, 1).expect("no lock is left");
    drop(first);
    sell(&second, 2).expect("and none was released by another");
    assert_eq!(found(&disk), Ok(2));
}
