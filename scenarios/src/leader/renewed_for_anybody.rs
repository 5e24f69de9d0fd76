//! The lease is renewed for whoever asks, also for a replica that has lost it (inventory 29, 30).
//!
//! Seen in real systems: the renewal sets the time and does not look whose lease it is. Here the epoch fences what such a leader
//! does; but two replicas take the lead from each other for as long as they run, and do half of the work.

use crate::{
    planted::twist::{StoreTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{
    leader::LEASE,
    replica::Wiring,
    store::{AuthStateStore, Key},
};
use seams::Outcome;
use std::{sync::Arc, time::Duration};

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "renewed_for_anybody",
    title: "the lease is renewed for whoever asks, whether they have it or not",
    covers: &[29, 30],
    scenario: "old_master_grants",
    detected_by: "LogAsDocumented",
    bug: |_, _, wiring| Wiring {
        store: Arc::new(Twisted(Anybodys(wiring.store))),
        ..wiring
    },
};

struct Anybodys(Arc<dyn AuthStateStore>);

#[async_trait]
impl StoreTwist for Anybodys {
    fn inner(&self) -> &Arc<dyn AuthStateStore> {
        &self.0
    }
    async fn renew(&self, key: &Key, holder: &[u8], ttl: Duration) -> Outcome<bool> {
        let is_theirs = self.0.renew(key, holder, ttl).await?;
        Ok(is_theirs || key.namespace == LEASE)
    }
}
