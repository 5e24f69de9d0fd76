//! The tables.

use rusqlite::Connection;

/// The schema that this release writes: `PRAGMA user_version`.
pub(super) const VERSION: u32 = 1;

/// Times are milliseconds since the Unix epoch.
const TABLES: &str = "
CREATE TABLE users (
    id TEXT PRIMARY KEY,
    address TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL
) STRICT;

CREATE TABLE clients (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    secret_sha256 TEXT
) STRICT;

CREATE TABLE redirect_uris (
    client_id TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    uri TEXT NOT NULL,
    PRIMARY KEY (client_id, position)
) STRICT;

CREATE TABLE signing_keys (
    kid TEXT PRIMARY KEY,
    pkcs8 BLOB NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT;

CREATE TABLE sessions (
    id_hash TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    authenticated_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    opened_by TEXT NOT NULL
) STRICT;
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- The spent ledger: what makes a code good for once, whatever Redis forgets (inventory 7).
CREATE TABLE spent (
    code_hash TEXT PRIMARY KEY,
    remember_until INTEGER NOT NULL
) STRICT;
CREATE INDEX spent_by_expiry ON spent (remember_until);

CREATE TABLE tokens (
    token_hash TEXT PRIMARY KEY,
    code_hash TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    client_id TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    scope TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    revoked INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX tokens_by_code ON tokens (code_hash);
CREATE INDEX tokens_by_expiry ON tokens (expires_at);

-- Consecutive failures at an address, whether or not there is such a user: the answer must not tell.
CREATE TABLE failures (
    address TEXT PRIMARY KEY,
    count INTEGER NOT NULL
) STRICT;

CREATE TABLE leader (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    epoch INTEGER NOT NULL,
    holder TEXT NOT NULL
) STRICT;

CREATE TABLE reminders (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    address TEXT NOT NULL,
    text TEXT NOT NULL,
    due INTEGER NOT NULL,
    claimed_epoch INTEGER,
    claimed_at INTEGER,
    sent INTEGER NOT NULL DEFAULT 0,
    UNIQUE (user_id, due)
) STRICT;
CREATE INDEX reminders_by_due ON reminders (due) WHERE claimed_epoch IS NULL;
";

/// Creates the tables in an empty database and leaves a current one as it is. The inner error is
/// the version of a schema that is newer than this release.
pub(super) fn prepare(transaction: &Connection) -> rusqlite::Result<Result<(), u32>> {
    let found: u32 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if found > VERSION {
        return Ok(Err(found));
    }
    if found == 0 {
        transaction.execute_batch(TABLES)?;
        transaction.pragma_update(None, "user_version", VERSION)?;
    }
    Ok(Ok(()))
}
