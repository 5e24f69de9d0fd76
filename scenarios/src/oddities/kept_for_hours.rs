//! A login in progress is kept for hours in the store, because somebody has mistaken minutes for seconds (inventory 24).
//!
//! No person waits so long. But anybody can begin logins, and the store keeps what each of them has left.

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
    name: "kept_for_hours",
    title: "a login in progress is kept sixty times as long as documented",
    covers: &[24],
    scenario: "calm_day",
    detected_by: sim::at_rest::KEPT_AS_DOCUMENTED,
    bug: |_, _, wiring| Wiring {
        store: Arc::new(Twisted(InMinutes(wiring.store))),
        ..wiring
    },
};

struct InMinutes(Arc<dyn AuthStateStore>);

#[async_trait]
impl StoreTwist for InMinutes {
    fn inner(&self) -> &Arc<dyn AuthStateStore> {
        &self.0
    }
    async fn put(&self, key: &Key, value: &[u8], ttl: Duration) -> Outcome<()> {
        let minutes = if key.namespace == FLOW { 60 } else { 1 };
        self.0.put(key, value, ttl * minutes).await
    }
}
