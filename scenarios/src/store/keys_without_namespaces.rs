//! All keys of the store are in one namespace (inventory 22).
//!
//! Seen in real systems: dudleycarr/ratelimit.js#15, getsentry/sentry#1241. The counter of attempts in a login has the
//! same key as the login itself, and the record of an attempt has the same key as the code that it is about.

use crate::{
    planted::twist::{StoreTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{
    authorize::FLOW,
    replica::Wiring,
    store::{AuthStateStore, Key},
};
use seams::Outcome;
use std::{sync::Arc, time::Duration};

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "keys_without_namespaces",
    title: "a login and the count of its attempts have the same key",
    covers: &[22],
    scenario: "calm_day",
    detected_by: "NothingFails",
    bug: |_, _, wiring| Wiring {
        store: Arc::new(Twisted(Flat(wiring.store))),
        ..wiring
    },
};

struct Flat(Arc<dyn AuthStateStore>);

fn flat(key: &Key) -> Key {
    Key::new(FLOW, key.id.clone())
}

#[async_trait]
impl StoreTwist for Flat {
    fn inner(&self) -> &Arc<dyn AuthStateStore> {
        &self.0
    }
    async fn put(&self, key: &Key, value: &[u8], ttl: Duration) -> Outcome<()> {
        self.0.put(&flat(key), value, ttl).await
    }
    async fn put_if_absent(&self, key: &Key, value: &[u8], ttl: Duration) -> Outcome<bool> {
        self.0.put_if_absent(&flat(key), value, ttl).await
    }
    async fn get(&self, key: &Key) -> Outcome<Option<Vec<u8>>> {
        self.0.get(&flat(key)).await
    }
    async fn take(&self, key: &Key) -> Outcome<Option<Vec<u8>>> {
        self.0.take(&flat(key)).await
    }
    async fn count(&self, key: &Key, window: Duration) -> Outcome<u64> {
        self.0.count(&flat(key), window).await
    }
}
