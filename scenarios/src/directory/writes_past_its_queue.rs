//! A replica writes to its directory over a second connection, on the thread that answers people (inventory 27, 28).
//!
//! What it writes there is a transaction of its own: a loss of power after it keeps a half of what belongs together. And whoever
//! shares the thread waits for the disk.

use crate::{
    planted::twist::{FailureTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{
    directory::Directory,
    limits::{CountedAttempt, FailureRepository},
    replica::Wiring,
};
use rusqlite::{Connection, OpenFlags};
use seams::{Cause, Failure, Outcome};
use std::sync::Arc;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "writes_past_its_queue",
    title: "an attempt is noted over a second connection to the directory, on the thread that answers people",
    covers: &[27, 28],
    scenario: "code_race",
    detected_by: sim::run::TRANSACTIONS_WHOLE,
    bug: |_, config, wiring| {
        let past = Past {
            inner: wiring.directory.failures,
            location: config.directory.clone(),
        };
        Wiring {
            directory: Directory {
                failures: Arc::new(Twisted(past)),
                ..wiring.directory
            },
            ..wiring
        }
    },
};

struct Past {
    inner: Arc<dyn FailureRepository>,
    location: String,
}

impl Past {
    /// Notes when somebody at an address has typed a code, a little later than it was.
    fn note(&self, address: &str) -> rusqlite::Result<()> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_URI;
        let connection = Connection::open_with_flags(&self.location, flags)?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.execute(
            "UPDATE failures SET failed_at = failed_at + 1 WHERE address = ?1",
            [address],
        )?;
        Ok(())
    }
}

#[async_trait]
impl FailureTwist for Past {
    fn inner(&self) -> &Arc<dyn FailureRepository> {
        &self.inner
    }
    async fn count_attempt(&self, attempt: CountedAttempt) -> Outcome<Option<u64>> {
        let address = attempt.address.clone();
        let counted = self.inner.count_attempt(attempt).await?;
        self.note(&address)
            .map_err(|error| Failure::Unknown(Cause::Storage(error.to_string())))?;
        Ok(counted)
    }
}
