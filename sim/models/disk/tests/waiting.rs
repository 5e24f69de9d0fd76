//! Syncs that somebody waits for, transactions that somebody has told of, and others.

use model_disk::{Disk, transaction_begins, wait_for_syncs};
use rusqlite::Connection;

#[test]
fn what_is_synced_where_nobody_waits_is_counted() {
    let disk = Disk::new();
    let connection = wait_for_syncs(|| {
        let connection = Connection::open(disk.uri("shop.sqlite")).unwrap();
        let create = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE sold (seat INTEGER);";
        connection.execute_batch(create).unwrap();
        connection
    });
    assert_eq!(disk.syncs_unawaited(), 0);
    connection
        .execute_batch("BEGIN IMMEDIATE; INSERT INTO sold VALUES (7)")
        .unwrap();
    assert_eq!(disk.syncs_unawaited(), 0, "nothing is committed yet");
    wait_for_syncs(|| connection.execute_batch("COMMIT")).unwrap();
    assert_eq!(disk.syncs_unawaited(), 0);
    connection
        .query_row("SELECT count(*) FROM sold", [], |_| Ok(()))
        .unwrap();
    assert_eq!(disk.syncs_unawaited(), 0, "whoever reads syncs nothing");
    connection.execute_batch("INSERT INTO sold VALUES (8)").unwrap();
    assert_eq!(disk.syncs_unawaited(), 1);
    let panics = std::panic::catch_unwind(|| wait_for_syncs(|| panic!("while it waits")));
    assert!(panics.is_err());
    connection.execute_batch("INSERT INTO sold VALUES (9)").unwrap();
    assert_eq!(disk.syncs_unawaited(), 2, "nobody waits any more");
}

#[test]
fn a_transaction_that_nobody_has_told_of_is_counted() {
    let disk = Disk::new();
    let connection = Connection::open(disk.uri("shop.sqlite")).unwrap();
    let create = "PRAGMA journal_mode = WAL; CREATE TABLE sold (seat INTEGER);";
    transaction_begins();
    connection.execute_batch(create).unwrap();
    assert_eq!(disk.transactions_untold(), 0);
    transaction_begins();
    connection
        .execute_batch("BEGIN IMMEDIATE; INSERT INTO sold VALUES (7); COMMIT")
        .unwrap();
    assert_eq!(disk.transactions_untold(), 0);
    transaction_begins();
    connection
        .execute_batch("BEGIN IMMEDIATE; INSERT INTO sold VALUES (8); COMMIT; BEGIN IMMEDIATE; ROLLBACK")
        .unwrap();
    assert_eq!(
        disk.transactions_untold(),
        1,
        "cut in two, though the second half wrote nothing"
    );
    let second = Connection::open(disk.uri("shop.sqlite")).unwrap();
    second.query_row("SELECT count(*) FROM sold", [], |_| Ok(())).unwrap();
    drop((connection, second));
    let third = Connection::open(disk.uri("shop.sqlite")).unwrap();
    third.query_row("SELECT count(*) FROM sold", [], |_| Ok(())).unwrap();
    assert_eq!(
        disk.transactions_untold(),
        1,
        "whoever recovers the index begins no transaction"
    );
}
