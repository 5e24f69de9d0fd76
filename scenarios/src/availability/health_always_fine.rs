//! A replica reports itself healthy as long as its process lives (inventory 26, 34, 43).
//!
//! Seen in the first incident report, and in real systems whose readiness check asks nothing (Devlaner/devlane#145,
//! oklabflensburg/open-city-planner#5). The balancer goes on sending people to such a replica.

use crate::{
    planted::twist::{StoreTwist, Twisted, by_its_own_clock},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{replica::Wiring, store::AuthStateStore};
use seams::Outcome;
use std::sync::Arc;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "health_always_fine",
    title: "a replica without Redis calls itself healthy, and refuses everybody",
    covers: &[26, 34, 43],
    scenario: "redis_unreachable",
    detected_by: "DegradedIsReported",
    bug: |env, _, wiring| Wiring {
        store: Arc::new(Twisted(AlwaysFine(by_its_own_clock(env, wiring.store)))),
        ..wiring
    },
};

struct AlwaysFine(Arc<dyn AuthStateStore>);

#[async_trait]
impl StoreTwist for AlwaysFine {
    fn inner(&self) -> &Arc<dyn AuthStateStore> {
        &self.0
    }
    async fn health(&self) -> Outcome<()> {
        Ok(())
    }
}
