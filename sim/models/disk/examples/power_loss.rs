//! A shop sells twenty seats, and its machine loses power. With `synchronous = FULL` all sales are there afterwards; with
//! `NORMAL` the last ones may be lost, and with `OFF` the database may be damaged.
//!
//! `cargo run -p model-disk --example power_loss`

use model_disk::Disk;
use rusqlite::Connection;

fn run(synchronous: &str, seed: u64) -> rusqlite::Result<u64> {
    let disk = Disk::new();
    let uri = disk.uri("shop.sqlite");
    let shop = Connection::open(&uri)?;
    shop.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE sold (seat INTEGER);")?;
    shop.execute_batch(&format!("PRAGMA synchronous = {synchronous}"))?;
    for seat in 1..=20 {
        shop.execute("INSERT INTO sold VALUES (?1)", [seat])?;
    }
    disk.lose_power(seed);
    Connection::open(&uri)?.query_row("SELECT count(*) FROM sold", [], |row| row.get(0))
}

fn main() {
    for synchronous in ["FULL", "NORMAL", "OFF"] {
        for seed in 1..=5 {
            match run(synchronous, seed) {
                Ok(sold) => println!("{synchronous}, seed {seed}: {sold} of 20 sales are there"),
                Err(error) => println!("{synchronous}, seed {seed}: {error}"),
            }
        }
    }
}
