//! The store in memory hands out what has expired until it sweeps the next time (inventory 22).
//!
//! Seen in the world: pipe-cd/pipecd#7406, vllm-project/semantic-router#404. Only a task in the background looks at the
//! lifetimes of entries; whoever asks before it runs gets what should be gone.

use crate::{
    planted::twist::{StoreTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{
    replica::Wiring,
    store::{AuthStateStore, Key},
};
use seams::Outcome;
use std::{sync::Arc, time::Duration};

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "expired_until_swept",
    title: "the store in memory hands out what has expired until it sweeps",
    covers: &[22],
    scenario: "memory_store",
    detected_by: "AnswersAllowed",
    bug: |_, _, wiring| Wiring {
        store: Arc::new(Twisted(SweptHourly(wiring.store))),
        ..wiring
    },
};

/// Between two sweeps.
const SWEEPS_EVERY: Duration = Duration::from_secs(3600);

struct SweptHourly(Arc<dyn AuthStateStore>);

#[async_trait]
impl StoreTwist for SweptHourly {
    fn inner(&self) -> &Arc<dyn AuthStateStore> {
        &self.0
    }
    async fn put(&self, key: &Key, value: &[u8], ttl: Duration) -> Outcome<()> {
        self.0.put(key, value, ttl + SWEEPS_EVERY).await
    }
    async fn put_if_absent(&self, key: &Key, value: &[u8], ttl: Duration) -> Outcome<bool> {
        self.0.put_if_absent(key, value, ttl + SWEEPS_EVERY).await
    }
    async fn count(&self, key: &Key, window: Duration) -> Outcome<u64> {
        self.0.count(key, window + SWEEPS_EVERY).await
    }
}
