//! The directory's write lock is taken before Redis is asked, and held until Redis has answered (inventory 28).
//!
//! Seen in real systems: requests kept a transaction open while they waited for Redis, and all other requests queued
//! behind it (Vexa-ai/vexa#508); a warning about this was proposed for sqlx with SQLite (transact-rs/sqlx#4166). The
//! commit itself is quick; the round trip to Redis keeps both replicas from the directory.

use crate::{
    planted::twist::{SessionTwist, TokenTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{
    config::Config,
    directory::Directory,
    redemption::{CodeRedemption, Redeemed, TokenRepository},
    replica::Wiring,
    session::{Session, SessionOpening, SessionRepository},
    store::AuthStateStore,
};
use rusqlite::{Connection, OpenFlags};
use seams::{Cause, Failure, Outcome, Timestamp};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::time::{Instant, sleep};

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "lock_across_await",
    title: "the directory's write lock is held while Redis is waited for",
    covers: &[27, 28],
    scenario: "slow_disk",
    detected_by: "StallsBounded",
    bug: |_, config, wiring| Wiring {
        directory: Directory {
            sessions: Arc::new(Twisted(HoldsTheLock::new(
                config,
                &wiring,
                wiring.directory.sessions.clone(),
            ))),
            tokens: Arc::new(Twisted(HoldsTheLock::new(
                config,
                &wiring,
                wiring.directory.tokens.clone(),
            ))),
            ..wiring.directory
        },
        ..wiring
    },
};

/// Pause between two attempts to take the lock.
const PAUSE: Duration = Duration::from_millis(5);

struct HoldsTheLock<T> {
    inner: T,
    store: Arc<dyn AuthStateStore>,
    location: String,
    patience: Duration,
}

/// A connection with an open write transaction, which is rolled back when it is dropped. A future may move between
/// threads, so the connection is in a mutex, which is never contended.
type Open = Mutex<Connection>;

impl<T> HoldsTheLock<T> {
    fn new(config: &Config, wiring: &Wiring, inner: T) -> HoldsTheLock<T> {
        HoldsTheLock {
            inner,
            store: wiring.store.clone(),
            location: config.directory.clone(),
            patience: config.deadlines.directory,
        }
    }

    fn begin(&self) -> rusqlite::Result<Open> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_URI;
        let connection = Connection::open_with_flags(&self.location, flags)?;
        connection.busy_timeout(Duration::ZERO)?;
        connection.execute_batch("BEGIN IMMEDIATE")?;
        Ok(Mutex::new(connection))
    }

    /// The mistake: waits for the store's answer while it holds the write lock, so that nothing can change before the
    /// write.
    async fn look_first(&self) -> Outcome<()> {
        let deadline = Instant::now() + self.patience;
        let open = loop {
            match self.begin() {
                Ok(open) => break open,
                Err(_) if Instant::now() < deadline => sleep(PAUSE).await,
                Err(_) => return Err(Failure::Fail(Cause::Busy)),
            }
        };
        let answered = self.store.health().await;
        drop(open);
        answered
    }
}

#[async_trait]
impl SessionTwist for HoldsTheLock<Arc<dyn SessionRepository>> {
    fn inner(&self) -> &Arc<dyn SessionRepository> {
        &self.inner
    }
    async fn open_session(&self, session: Session, code_hash: &str, until: Timestamp) -> Outcome<SessionOpening> {
        self.look_first().await?;
        self.inner.open_session(session, code_hash, until).await
    }
}

#[async_trait]
impl TokenTwist for HoldsTheLock<Arc<dyn TokenRepository>> {
    fn inner(&self) -> &Arc<dyn TokenRepository> {
        &self.inner
    }
    async fn redeem(&self, redemption: CodeRedemption) -> Outcome<Redeemed> {
        self.look_first().await?;
        self.inner.redeem(redemption).await
    }
}
