//! The ledger of spent codes: what makes a code usable once, whatever Redis forgets (inventory 7).
//!
//! Redis may take back an acknowledged GETDEL at a failover. Whatever a code of any kind is exchanged for (a session, a
//! token) is therefore written in the same transaction as the code's entry here.

use crate::store::sqlite::{Expiring, Schema, ms};
use rusqlite::{Connection, params};
use seams::Timestamp;
use std::time::Duration;

/// How much longer than asked the ledger remembers. When to forget is decided by the leader's wall
/// clock: if that is wrong by an hour, a code that came back on a promoted Redis must still be
/// known to be spent (inventory 49).
const MARGIN: Duration = Duration::from_secs(24 * 3600);

pub(crate) const SCHEMA: Schema = Schema {
    matter: "ledger",
    statements: &[(
        1,
        "CREATE TABLE spent (
            code_hash TEXT PRIMARY KEY,
            remember_until INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX spent_by_expiry ON spent (remember_until);",
    )],
    expiring: &[Expiring {
        table: "spent",
        when: "remember_until <= ?1",
        kept_for: MARGIN,
    }],
};

/// Enters a code into the ledger. False if it is there already: that code is spent.
///
/// # Errors
/// What SQLite says.
pub(crate) fn spend(t: &Connection, code_hash: &str, remember_until: Timestamp) -> rusqlite::Result<bool> {
    let rows = t
        .prepare_cached("INSERT INTO spent (code_hash, remember_until) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
        .execute(params![code_hash, ms(remember_until)])?;
    Ok(rows == 1)
}
