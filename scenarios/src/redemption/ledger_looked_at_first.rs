//! The ledger of spent codes is read in one transaction and written in the next one (inventory 27).
//!
//! 1. Redis cannot say who took the code, neither to A nor to B.
//! 2. A reads the ledger: the code is unspent.
//! 3. B reads the ledger: the code is unspent.
//! 4. A writes, B writes: both issue tokens.
//!
//! Seen in real systems wherever a SELECT decides about an INSERT ("check, then act"; similar: CVE-2024-24768). As
//! long as no time passes between two calls of a replica, nothing can happen between the two transactions.

use crate::{
    planted::twist::{TokenTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{
    config::Config,
    directory::Directory,
    redemption::{CodeRedemption, Redeemed, TokenRepository},
    replica::Wiring,
};
use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use seams::{Cause, Failure, Outcome};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "ledger_looked_at_first",
    title: "the look into the ledger of spent codes and the entry in it are two transactions",
    covers: &[7, 27],
    scenario: "calls_interleave",
    detected_by: "CodeRedeemedOnce",
    bug: |_, config: &mut Config, wiring| Wiring {
        directory: Directory {
            tokens: Arc::new(Twisted(LooksFirst {
                tokens: wiring.directory.tokens,
                location: config.directory.clone(),
            })),
            ..wiring.directory
        },
        ..wiring
    },
};

struct LooksFirst {
    tokens: Arc<dyn TokenRepository>,
    location: String,
}

impl LooksFirst {
    fn open(&self) -> rusqlite::Result<Mutex<Connection>> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_URI;
        let connection = Connection::open_with_flags(&self.location, flags)?;
        connection.busy_timeout(Duration::ZERO)?;
        Ok(Mutex::new(connection))
    }

    /// The first transaction: whether the code is in the ledger.
    fn is_spent(&self, code_hash: &str) -> rusqlite::Result<bool> {
        let connection = self.open()?;
        let connection = connection.lock().expect("nobody else has it");
        let found = connection
            .query_row("SELECT 1 FROM spent WHERE code_hash = ?1", [code_hash], |_| Ok(()))
            .optional()?;
        Ok(found.is_some())
    }

    /// The second transaction: enters the code, whether or not it is already there.
    fn enter(&self, code_hash: &str, until_ms: u64) -> rusqlite::Result<()> {
        let connection = self.open()?;
        let connection = connection.lock().expect("nobody else has it");
        connection.execute(
            "INSERT OR IGNORE INTO spent (code_hash, remember_until) VALUES (?1, ?2)",
            params![code_hash, until_ms as i64],
        )?;
        Ok(())
    }
}

fn broken(error: &rusqlite::Error) -> Failure {
    Failure::Fail(Cause::Storage(error.to_string()))
}

#[async_trait]
impl TokenTwist for LooksFirst {
    fn inner(&self) -> &Arc<dyn TokenRepository> {
        &self.tokens
    }
    async fn redeem(&self, redemption: CodeRedemption) -> Outcome<Redeemed> {
        if self.is_spent(&redemption.code_hash).map_err(|error| broken(&error))? {
            return self.tokens.redeem(redemption).await; // revokes the tokens that were issued for the code
        }
        // Records the token under another hash, so without a check, and enters the code separately.
        let unseen = format!("{}:{}", redemption.code_hash, redemption.token.token_hash);
        let unseen = CodeRedemption {
            code_hash: unseen,
            ..redemption.clone()
        };
        let redeemed = self.tokens.redeem(unseen).await?;
        self.enter(&redemption.code_hash, redemption.remember_until.millis())
            .map_err(|error| broken(&error))?;
        Ok(redeemed)
    }
}
