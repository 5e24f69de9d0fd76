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
    limits::{FailureRepository, LOGIN_ATTEMPTS},
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
    async fn count_failure(&self, address: &str) -> Outcome<u64> {
        self.store.count(&key(address), FOR_GOOD).await
    }
    async fn failures(&self, address: &str) -> Outcome<u64> {
        let count = self.store.get(&key(address)).await?;
        let count = count.and_then(|bytes| String::from_utf8(bytes).ok()?.parse().ok());
        Ok(count.unwrap_or(0))
    }
    async fn clear_failures(&self, address: &str) -> Outcome<()> {
        self.store.take(&key(address)).await.map(|_| ())
    }
}
