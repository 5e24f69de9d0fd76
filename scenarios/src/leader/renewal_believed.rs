//! A leader that cannot renew its lease goes on leading (inventory 30).
//!
//! Seen in real systems: a renewal whose error is logged and nothing else. The leader works on without the store, and so
//! does the next one that the store elects.

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
    name: "renewal_believed",
    title: "a renewal of the lease that fails counts as done",
    covers: &[30],
    scenario: "redis_unreachable",
    detected_by: "NoLeaseNoJobs",
    bug: |_, _, wiring| Wiring {
        store: Arc::new(Twisted(Believed(wiring.store))),
        ..wiring
    },
};

struct Believed(Arc<dyn AuthStateStore>);

#[async_trait]
impl StoreTwist for Believed {
    fn inner(&self) -> &Arc<dyn AuthStateStore> {
        &self.0
    }
    async fn renew(&self, key: &Key, holder: &[u8], ttl: Duration) -> Outcome<bool> {
        Ok(self.0.renew(key, holder, ttl).await.unwrap_or(true))
    }
}
