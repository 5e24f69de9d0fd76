//! Every press of "Sign in" is counted as an attempt, also if nothing could be judged (inventory 18, 54).
//!
//! Seen in this service: the directory was locked, people pressed six times with the right code, and the sixth answer was "too many
//! wrong codes", which it stayed when the directory worked again. Of 30 people 8 lost their login.

use crate::{
    planted::twist::{StoreTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{
    limits::VERIFY_ATTEMPTS,
    replica::Wiring,
    store::{AuthStateStore, Key},
};
use seams::Outcome;
use std::{sync::Arc, time::Duration};

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "every_press_counted",
    title: "each press with a right code is counted as an attempt while nothing can be judged",
    covers: &[18, 54],
    scenario: "disk_is_full",
    detected_by: "RightCodesAdmitted",
    bug: |_, _, wiring| Wiring {
        store: Arc::new(Twisted(ForgetsCharges(wiring.store))),
        ..wiring
    },
};

struct ForgetsCharges(Arc<dyn AuthStateStore>);

#[async_trait]
impl StoreTwist for ForgetsCharges {
    fn inner(&self) -> &Arc<dyn AuthStateStore> {
        &self.0
    }
    async fn put(&self, key: &Key, value: &[u8], ttl: Duration) -> Outcome<()> {
        match key.namespace == VERIFY_ATTEMPTS && value == b"charged" {
            true => self.0.take(key).await.map(drop),
            false => self.0.put(key, value, ttl).await,
        }
    }
}
