//! Each replica counts attempts and mails by itself (inventory 18, 20).
//!
//! An attacker who alternates between two replicas gets twice the limit.

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
    name: "limiter_per_replica",
    title: "each replica counts attempts and mails by itself",
    covers: &[18, 20],
    scenario: "guesser_across_failover",
    detected_by: "AttemptsLimited",
    bug: |_, config, wiring| Wiring {
        store: Arc::new(Twisted(CountsAlone {
            store: wiring.store,
            replica: config.replica.clone(),
        })),
        ..wiring
    },
};

struct CountsAlone {
    store: Arc<dyn AuthStateStore>,
    replica: String,
}

#[async_trait]
impl StoreTwist for CountsAlone {
    fn inner(&self) -> &Arc<dyn AuthStateStore> {
        &self.store
    }
    async fn count(&self, key: &Key, window: Duration) -> Outcome<u64> {
        let own = Key::new(key.namespace, format!("{}@{}", key.id, self.replica));
        self.store.count(&own, window).await
    }
}
