//! The leader deletes what has expired by its own clock, whatever that says (inventory 24, 27).
//!
//! What this service did itself. Seen in real systems: a virtual machine that was resumed, or whose time zone somebody has "set
//! right" by setting the clock. Everybody is logged out, for good.

use crate::{
    planted::twist::{StoreTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{replica::Wiring, store::AuthStateStore};
use seams::{Env, Outcome, Timestamp};
use std::sync::Arc;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "own_clock_believed",
    title: "the leader compares its clock with itself before it deletes what has expired",
    covers: &[24, 27],
    scenario: "clock_far_ahead",
    detected_by: "DirectoryKept",
    bug: |env, _, wiring| Wiring {
        store: Arc::new(Twisted(Believing(env.clone(), wiring.store))),
        ..wiring
    },
};

struct Believing(Env, Arc<dyn AuthStateStore>);

#[async_trait]
impl StoreTwist for Believing {
    fn inner(&self) -> &Arc<dyn AuthStateStore> {
        &self.1
    }
    async fn time(&self) -> Outcome<Timestamp> {
        Ok(self.0.now())
    }
}
