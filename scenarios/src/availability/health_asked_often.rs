//! Each look at the store's health asks several times, to be sure (inventory 26).
//!
//! Seen in real systems: a check that retries inside a check that retries. Nobody notices until many replicas ask one store.

use crate::{
    planted::twist::{StoreTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{replica::Wiring, store::AuthStateStore};
use seams::Outcome;
use std::sync::Arc;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "health_asked_often",
    title: "each look at the store's health asks it six times",
    covers: &[26],
    scenario: "calm_day",
    detected_by: "CallsByClock",
    bug: |_, _, wiring| Wiring {
        store: Arc::new(Twisted(Often(wiring.store))),
        ..wiring
    },
};

/// How often it asks.
const TIMES: usize = 6;

struct Often(Arc<dyn AuthStateStore>);

#[async_trait]
impl StoreTwist for Often {
    fn inner(&self) -> &Arc<dyn AuthStateStore> {
        &self.0
    }
    async fn health(&self) -> Outcome<()> {
        for _ in 1..TIMES {
            self.0.health().await?;
        }
        self.0.health().await
    }
}
