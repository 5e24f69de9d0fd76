//! Every replica renews the lease, also those that do not hold it (inventory 29).
//!
//! Seen in real systems: a renewal in a timer of its own, which nobody stops when the lease is lost. It changes nothing as
//! long as the store compares holders, and costs it a command of every replica for ever.

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
    name: "everybody_renews",
    title: "a replica that does not get the lease renews it",
    covers: &[29],
    scenario: "leader_at_work",
    detected_by: "LeaseKept",
    bug: |_, _, wiring| Wiring {
        store: Arc::new(Twisted(Renewing(wiring.store))),
        ..wiring
    },
};

struct Renewing(Arc<dyn AuthStateStore>);

#[async_trait]
impl StoreTwist for Renewing {
    fn inner(&self) -> &Arc<dyn AuthStateStore> {
        &self.0
    }
    async fn put_if_absent(&self, key: &Key, value: &[u8], ttl: Duration) -> Outcome<bool> {
        let is_free = self.0.put_if_absent(key, value, ttl).await?;
        if !is_free && key.namespace == LEASE {
            return self.0.renew(key, value, ttl).await;
        }
        Ok(is_free)
    }
}
