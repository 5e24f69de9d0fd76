//! Without Redis a replica falls back to a dictionary of its own and does not report it (inventory 25, 26).

use crate::{
    planted::twist::{StoreTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{
    replica::Wiring,
    store::{AuthStateStore, Key, MemoryStore},
};
use seams::Outcome;
use std::{sync::Arc, time::Duration};

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "silent_fallback",
    title: "without Redis a replica works on in its own memory, and calls itself healthy",
    covers: &[25, 26],
    scenario: "redis_unreachable",
    detected_by: "NoLocalSuccess",
    bug: |env, _, wiring| Wiring {
        store: Arc::new(Twisted(FallsBack {
            store: wiring.store,
            local: MemoryStore::new(env.clock.clone()),
        })),
        ..wiring
    },
};

struct FallsBack {
    store: Arc<dyn AuthStateStore>,
    local: MemoryStore,
}

#[async_trait]
impl StoreTwist for FallsBack {
    fn inner(&self) -> &Arc<dyn AuthStateStore> {
        &self.store
    }
    async fn put(&self, key: &Key, value: &[u8], ttl: Duration) -> Outcome<()> {
        match self.store.put(key, value, ttl).await {
            Ok(()) => Ok(()),
            Err(_) => self.local.put(key, value, ttl).await,
        }
    }
    async fn put_if_absent(&self, key: &Key, value: &[u8], ttl: Duration) -> Outcome<bool> {
        match self.store.put_if_absent(key, value, ttl).await {
            Ok(written) => Ok(written),
            Err(_) => self.local.put_if_absent(key, value, ttl).await,
        }
    }
    async fn get(&self, key: &Key) -> Outcome<Option<Vec<u8>>> {
        match self.store.get(key).await {
            Ok(Some(value)) => Ok(Some(value)),
            Ok(None) | Err(_) => self.local.get(key).await,
        }
    }
    async fn take(&self, key: &Key) -> Outcome<Option<Vec<u8>>> {
        match self.store.take(key).await {
            Ok(Some(value)) => Ok(Some(value)),
            Ok(None) | Err(_) => self.local.take(key).await,
        }
    }
    async fn count(&self, key: &Key, window: Duration) -> Outcome<u64> {
        match self.store.count(key, window).await {
            Ok(count) => Ok(count),
            Err(_) => self.local.count(key, window).await,
        }
    }
    async fn health(&self) -> Outcome<()> {
        Ok(())
    }
}
