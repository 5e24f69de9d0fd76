//! A replica checks Redis with a command that writes nothing (inventory 26).
//!
//! A Redis whose memory is full is the master, answers `PING`, `ROLE` and `GET`, and refuses every write (measured on Redis 7.0.15).
//! Of 24 logins none was whole, and both replicas said `ok`.

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
    name: "health_only_reads",
    title: "a replica checks Redis with a command that writes nothing",
    covers: &[26],
    scenario: "redis_refuses",
    detected_by: "HealthTells",
    bug: |_, _, wiring| Wiring {
        store: Arc::new(Twisted(OnlyReads(wiring.store))),
        ..wiring
    },
};

struct OnlyReads(Arc<dyn AuthStateStore>);

#[async_trait]
impl StoreTwist for OnlyReads {
    fn inner(&self) -> &Arc<dyn AuthStateStore> {
        &self.0
    }
    async fn health(&self) -> Outcome<()> {
        self.0.get(&Key::new(LEASE, "reminders")).await.map(drop)
    }
}
