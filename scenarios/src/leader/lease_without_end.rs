//! The leader's lease has no lifetime (inventory 24, 29, 30).
//!
//! Seen in real systems: celerybeatredis#11, closeio/tasktiger#53. A leader that dies keeps the lease forever: from
//! then on there is no leader and no job runs, while every health check passes.

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
    name: "lease_without_end",
    title: "a leader that dies holds its lease for good",
    covers: &[24, 29, 30],
    scenario: "replica_dies_mid_flow",
    detected_by: "RemindersArrive",
    bug: |_, _, wiring| Wiring {
        store: Arc::new(Twisted(ForGood(wiring.store))),
        ..wiring
    },
};

/// The lifetime of the lease: longer than any run.
const FOR_GOOD: Duration = Duration::from_secs(24 * 3600);

struct ForGood(Arc<dyn AuthStateStore>);

#[async_trait]
impl StoreTwist for ForGood {
    fn inner(&self) -> &Arc<dyn AuthStateStore> {
        &self.0
    }
    async fn put_if_absent(&self, key: &Key, value: &[u8], ttl: Duration) -> Outcome<bool> {
        let ttl = match key.namespace {
            LEASE => FOR_GOOD,
            _ => ttl,
        };
        self.0.put_if_absent(key, value, ttl).await
    }
    async fn renew(&self, key: &Key, holder: &[u8], _: Duration) -> Outcome<bool> {
        self.0.renew(key, holder, FOR_GOOD).await
    }
}
