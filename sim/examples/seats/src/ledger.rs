//! The ledger: a table with a unique key, in a database that all desks share. It has the last word on who has a seat.
//!
//! Redis is asked first, because it is fast and in a rush most people come too late. Deliberately absent: giving a seat
//! back. If a desk dies between the two, the seat stays unsold. That a seat is never sold twice is claimed, not more.

use crate::desk::Seats;
use async_trait::async_trait;
use rusqlite::Connection;
use seams::{Env, Outcome};
use std::sync::{Arc, Mutex};

/// Here an SQLite in memory that outlives every desk, as a database server does.
pub(crate) type Database = Arc<Mutex<Connection>>;

pub(crate) fn new_database() -> Database {
    let database = Connection::open_in_memory().expect("SQLite opens a database in memory");
    let table = database.execute_batch("CREATE TABLE sold (seat INTEGER PRIMARY KEY)");
    table.expect("the database is empty");
    Arc::new(Mutex::new(database))
}

/// Sells what somebody fast lets through.
pub(crate) struct Ledger<S> {
    env: Env,
    fast: S,
    sold: Database,
}

impl<S> Ledger<S> {
    pub(crate) fn new(env: Env, fast: S, sold: Database) -> Ledger<S> {
        Ledger { env, fast, sold }
    }
}

#[async_trait]
impl<S: Seats> Seats for Ledger<S> {
    async fn sell(&self, seat: u64) -> Outcome<bool> {
        if !self.fast.sell(seat).await? {
            return Ok(false);
        }
        let insert = || {
            let sold = self.sold.lock().expect("nobody panics with it");
            sold.execute("INSERT OR IGNORE INTO sold VALUES (?)", [seat])
        };
        let inserted = self.env.commit(insert).await?;
        if inserted == 0 {
            self.env.mark("the ledger knew better");
        }
        Ok(inserted == 1)
    }
}
