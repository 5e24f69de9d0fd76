//! A replica has one connection to its directory: whoever reads waits until whoever writes has written (inventory 28).
//!
//! SQLite's write-ahead log lets people read while somebody writes, but not on the same connection. With a disk that took 50 ms
//! for a commit, pages that write nothing took as long as those that do; with one that took 15 s, none came.

use crate::{
    planted::twist::{FailureTwist, ProbeTwist, SessionTwist, TokenTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{
    directory::Directory,
    limits::{CountedAttempt, FailureRepository},
    redemption::{CodeRedemption, Redeemed, TokenRepository},
    replica::Wiring,
    session::{Session, SessionOpening, SessionRepository},
    store::DirectoryProbe,
};
use seams::{Outcome, Timestamp};
use std::sync::Arc;
use tokio::sync::Mutex;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "one_connection",
    title: "whoever reads in the directory waits for whoever writes",
    covers: &[28],
    scenario: "slow_disk",
    detected_by: "StallsBounded",
    bug: |_, _, wiring| {
        let connection = Arc::new(Mutex::new(()));
        let directory = wiring.directory;
        Wiring {
            directory: Directory {
                sessions: one(directory.sessions, &connection),
                tokens: one(directory.tokens, &connection),
                failures: one(directory.failures, &connection),
                probe: one(directory.probe, &connection),
                ..directory
            },
            ..wiring
        }
    },
};

/// A part that uses the one connection.
struct OneConnection<R: ?Sized> {
    inner: Arc<R>,
    connection: Arc<Mutex<()>>,
}

fn one<R: ?Sized>(inner: Arc<R>, connection: &Arc<Mutex<()>>) -> Arc<Twisted<OneConnection<R>>> {
    let connection = connection.clone();
    Arc::new(Twisted(OneConnection { inner, connection }))
}

#[async_trait]
impl SessionTwist for OneConnection<dyn SessionRepository> {
    fn inner(&self) -> &Arc<dyn SessionRepository> {
        &self.inner
    }
    async fn session(&self, id_hash: &str, now: Timestamp) -> Outcome<Option<Session>> {
        let _used = self.connection.lock().await;
        self.inner.session(id_hash, now).await
    }
    async fn open_session(&self, session: Session, code_hash: &str, until: Timestamp) -> Outcome<SessionOpening> {
        let _used = self.connection.lock().await;
        self.inner.open_session(session, code_hash, until).await
    }
}

#[async_trait]
impl TokenTwist for OneConnection<dyn TokenRepository> {
    fn inner(&self) -> &Arc<dyn TokenRepository> {
        &self.inner
    }
    async fn redeem(&self, redemption: CodeRedemption) -> Outcome<Redeemed> {
        let _used = self.connection.lock().await;
        self.inner.redeem(redemption).await
    }
}

#[async_trait]
impl FailureTwist for OneConnection<dyn FailureRepository> {
    fn inner(&self) -> &Arc<dyn FailureRepository> {
        &self.inner
    }
    async fn count_attempt(&self, attempt: CountedAttempt) -> Outcome<Option<u64>> {
        let _used = self.connection.lock().await;
        self.inner.count_attempt(attempt).await
    }
}

#[async_trait]
impl ProbeTwist for OneConnection<dyn DirectoryProbe> {
    fn inner(&self) -> &Arc<dyn DirectoryProbe> {
        &self.inner
    }
    async fn probe(&self) -> Outcome<()> {
        let _used = self.connection.lock().await;
        self.inner.probe().await
    }
}
