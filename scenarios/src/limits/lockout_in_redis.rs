//! Consecutive failures are counted in Redis, too, and a failover forgets some (inventory 18, 24;
//! SP 800-63B-4 section 3.2.2).
//!
//! Seen in the world: login failures in a cache that is lost with its nodes, as Keycloak's `loginFailures` is. The
//! hard stop comes later by whatever was forgotten.

use crate::{
    planted::twist::{DirectoryTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{
    model::hash::sha256_hex,
    replica::Wiring,
    seams::{AuthStateStore, Directory, Key, Namespace, Outcome},
};
use std::{sync::Arc, time::Duration};

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "lockout_in_redis",
    title: "consecutive failures are counted in Redis, which forgets some at a failover",
    covers: &[18, 24],
    scenario: "guesser_across_failover",
    detected_by: "AttemptsLimited",
    bug: |_, _, wiring| Wiring {
        directory: Arc::new(Twisted(CountsInRedis {
            directory: wiring.directory,
            store: wiring.store.clone(),
        })),
        ..wiring
    },
};

const FOR_GOOD: Duration = Duration::from_secs(24 * 3600);

struct CountsInRedis {
    directory: Arc<dyn Directory>,
    store: Arc<dyn AuthStateStore>,
}

fn key(address: &str) -> Key {
    Key::new(Namespace::LoginAttempts, format!("in-a-row:{}", sha256_hex(address)))
}

#[async_trait]
impl DirectoryTwist for CountsInRedis {
    fn inner(&self) -> &Arc<dyn Directory> {
        &self.directory
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
        if address.is_empty() {
            return self.directory.clear_failures(address).await; // how a replica's health is looked at
        }
        self.store.take(&key(address)).await.map(|_| ())
    }
}
