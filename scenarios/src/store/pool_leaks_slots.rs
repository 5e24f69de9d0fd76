//! A call to Redis of unknown outcome never returns its slot to the connection pool (inventory 26, 37).
//!
//! Seen in real systems: redis/jedis#3864, redis/jedis#2041. A failover or some minutes of errors use the pool up. From
//! then on every login at this replica fails, while its health check, which has a connection of its own, passes.

use crate::{
    planted::twist::{StoreTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{
    replica::Wiring,
    store::{AuthStateStore, Key},
};
use seams::{Cause, Failure, Outcome};
use std::{sync::Arc, time::Duration};
use tokio::sync::Semaphore;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "pool_leaks_slots",
    title: "a call to Redis that ends in doubt keeps its place in the pool for good",
    covers: &[26, 37],
    scenario: "code_race",
    detected_by: "EveryReplicaServes",
    bug: |_, _, wiring| Wiring {
        store: Arc::new(Twisted(Pooled {
            store: wiring.store,
            pool: Semaphore::new(PLACES),
        })),
        ..wiring
    },
};

/// The number of slots in the pool.
const PLACES: usize = 4;
/// How long a call waits for a slot.
const PATIENCE: Duration = Duration::from_millis(500);

struct Pooled {
    store: Arc<dyn AuthStateStore>,
    pool: Semaphore,
}

impl Pooled {
    async fn with_place<T>(&self, call: impl Future<Output = Outcome<T>>) -> Outcome<T> {
        let place = tokio::time::timeout(PATIENCE, self.pool.acquire()).await;
        let Ok(Ok(place)) = place else {
            return Err(Failure::Fail(Cause::Full("connection")));
        };
        let outcome = call.await;
        if outcome.as_ref().is_err_and(Failure::is_unknown) {
            place.forget();
        }
        outcome
    }
}

#[async_trait]
impl StoreTwist for Pooled {
    fn inner(&self) -> &Arc<dyn AuthStateStore> {
        &self.store
    }
    async fn put(&self, key: &Key, value: &[u8], ttl: Duration) -> Outcome<()> {
        self.with_place(self.store.put(key, value, ttl)).await
    }
    async fn put_if_absent(&self, key: &Key, value: &[u8], ttl: Duration) -> Outcome<bool> {
        self.with_place(self.store.put_if_absent(key, value, ttl)).await
    }
    async fn get(&self, key: &Key) -> Outcome<Option<Vec<u8>>> {
        self.with_place(self.store.get(key)).await
    }
    async fn take(&self, key: &Key) -> Outcome<Option<Vec<u8>>> {
        self.with_place(self.store.take(key)).await
    }
    async fn count(&self, key: &Key, window: Duration) -> Outcome<u64> {
        self.with_place(self.store.count(key, window)).await
    }
}
