//! Files that lose their names while they are open.

use model_disk::Disk;
use rusqlite::Connection;

fn connect(disk: &Disk) -> Connection {
    let connection = Connection::open(disk.uri("shop.sqlite")).expect("it opens");
    connection
        .execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE IF NOT EXISTS sold (seat INTEGER);")
        .expect("it works");
    connection
}

fn sold(connection: &Connection) -> Vec<u64> {
    let mut query = connection
        .prepare("SELECT seat FROM sold ORDER BY seat")
        .expect("a query");
    let seats = query.query_map([], |row| row.get(0)).expect("it works");
    seats.collect::<Result<_, _>>().expect("numbers")
}

fn sell(connection: &Connection, seat: u64) {
    connection
        .execute("INSERT INTO sold VALUES (?1)", [seat])
        .expect("it works");
}

/// As on Unix: measured with SQLite 3.40.1 on ext4, two processes, the files removed before the second began.
#[test]
fn whoever_has_the_log_open_goes_on_with_it_and_whoever_comes_later_gets_another() {
    let disk = Disk::new();
    let (first, second) = (connect(&disk), connect(&disk));
    sell(&first, 1);
    first
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .expect("it works");
    let before = disk.identity("shop.sqlite");
    assert!(before.expect("it says so").iter().all(Option::is_some));

    disk.lose_log("shop.sqlite");
    assert_eq!(
        disk.identity("shop.sqlite").map(|files| files[1]),
        Some(None),
        "there is no log"
    );
    let third = connect(&disk);
    let [file, log, index] = disk.identity("shop.sqlite").expect("it says so");
    let [file_before, log_before, index_before] = before.expect("it says so");
    assert_eq!(file, file_before);
    assert!(log != log_before && index != index_before);

    sell(&second, 2);
    sell(&third, 3);
    assert_eq!((sold(&first), sold(&second)), (vec![1, 2], vec![1, 2]));
    assert_eq!(sold(&third), [1, 3]);
    assert_eq!(sold(&connect(&disk)), [1, 3]);
    disk.be_silent(true);
    assert_eq!(disk.identity("shop.sqlite"), None);
}
