//! Consecutive failures are counted in Redis, too, and a failover forgets some of them (inventory 18, 24; SP 800-63B-4
//! section 3.2.2).
//!
//! Seen in real systems: login failures in a cache that is lost with its nodes, as Keycloak's `loginFailures` is. The
//! hard stop comes later by the number of failures forgotten.

use crate::{
    planted::twist::{FailureTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{
    directory::Directory,
    hash::sha256_hex,
    limits::{CountedAttempt, FailureRepository, KnownBrowser, LOGIN_ATTEMPTS},
    replica::Wiring,
    store::{AuthStateStore, Key},
};
use seams::Outcome;
use std::{sync::Arc, time::Duration};

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "lockout_in_redis",
    title: "consecutive failures are counted in Redis, which forgets some at a failover",
    covers: &[18, 24],
    scenario: "guesser_across_failover",
    detected_by: "AttemptsLimited",
    bug: |_, _, wiring| Wiring {
        directory: Directory {
            failures: Arc::new(Twisted(CountsInRedis {
                failures: wiring.directory.failures,
                store: wiring.store.clone(),
            })),
            ..wiring.directory
        },
        ..wiring
    },
};

const FOR_GOOD: Duration = Duration::from_secs(24 * 3600);

struct CountsInRedis {
    failures: Arc<dyn FailureRepository>,
    store: Arc<dyn AuthStateStore>,
}

fn key(address: &str) -> Key {
    Key::new(LOGIN_ATTEMPTS, format!("in-a-row:{}", sha256_hex(address)))
}

#[async_trait]
impl FailureTwist for CountsInRedis {
    fn inner(&self) -> &Arc<dyn FailureRepository> {
        &self.failures
    }
    async fn count_attempt(&self, attempt: CountedAttempt) -> Outcome<Option<u64>> {
        if attempt.known.is_some() {
            return self.failures.count_attempt(attempt).await;
        }
        let count = self.store.count(&key(&attempt.address), FOR_GOOD).await?;
        Ok(Some(count).filter(|count| *count <= attempt.limit))
    }
    async fn succeed(&self, browser: KnownBrowser) -> Outcome<()> {
        self.store.take(&key(&browser.address)).await?;
        self.failures.succeed(browser).await
    }
}
