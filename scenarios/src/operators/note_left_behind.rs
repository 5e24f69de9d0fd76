//! A note that an attempt goes on is left behind when the attempt fails (inventory 25, 54).
//!
//! Seen in real systems: the lock that keeps a double click from being done twice is released on success, and on failure it is left
//! to its lifetime. Whoever is told to try again, and does, waits.

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
use std::sync::Arc;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "note_left_behind",
    title: "the note of an attempt stays when the attempt has failed",
    covers: &[25, 54],
    scenario: "calls_fail",
    detected_by: "FailuresEndAtOnce",
    bug: |_, _, wiring| Wiring {
        store: Arc::new(Twisted(ReleasesNoNote(wiring.store))),
        ..wiring
    },
};

struct ReleasesNoNote(Arc<dyn AuthStateStore>);

#[async_trait]
impl StoreTwist for ReleasesNoNote {
    fn inner(&self) -> &Arc<dyn AuthStateStore> {
        &self.0
    }
    async fn release(&self, key: &Key, holder: &[u8]) -> Outcome<bool> {
        match key.namespace == VERIFY_ATTEMPTS {
            true => Ok(true),
            false => self.0.release(key, holder).await,
        }
    }
}
