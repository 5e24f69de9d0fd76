//! A leader that stops does not give its lease back (inventory 29, 34).
//!
//! Seen in real systems: the lease has an end of its own, so nobody misses it at first. With each deployment the jobs stand
//! still for as long as a lease lasts.

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
use std::sync::Arc;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "lease_kept_at_stop",
    title: "a leader that stops keeps its lease",
    covers: &[29, 34],
    scenario: "rolling_restart",
    detected_by: "StopsInOrder",
    bug: |_, _, wiring| Wiring {
        store: Arc::new(Twisted(Keeping(wiring.store))),
        ..wiring
    },
};

struct Keeping(Arc<dyn AuthStateStore>);

#[async_trait]
impl StoreTwist for Keeping {
    fn inner(&self) -> &Arc<dyn AuthStateStore> {
        &self.0
    }
    async fn release(&self, key: &Key, holder: &[u8]) -> Outcome<bool> {
        match key.namespace == LEASE {
            true => Ok(true),
            false => self.0.release(key, holder).await,
        }
    }
}
