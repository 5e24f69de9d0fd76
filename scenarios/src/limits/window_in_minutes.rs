//! The limiters' windows are given in seconds to something that takes minutes (inventory 18, 20, 24).
//!
//! The opposite of [`super::window_in_wrong_unit`], and harder to see: all limits hold, but whoever has met one is refused
//! for hours. Seen in the world, of sessions: shieldproject/shield#643.

use crate::{
    planted::twist::{StoreTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{
    replica::Wiring,
    store::{AuthStateStore, Key},
};
use seams::Outcome;
use std::{sync::Arc, time::Duration};

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "window_in_minutes",
    title: "a window of so many seconds lasts so many minutes",
    covers: &[18, 20, 24],
    scenario: "documented_lifetimes",
    detected_by: "AnswersAllowed",
    bug: |_, _, wiring| Wiring {
        store: Arc::new(Twisted(SecondsAsMinutes(wiring.store))),
        ..wiring
    },
};

struct SecondsAsMinutes(Arc<dyn AuthStateStore>);

#[async_trait]
impl StoreTwist for SecondsAsMinutes {
    fn inner(&self) -> &Arc<dyn AuthStateStore> {
        &self.0
    }
    async fn count(&self, key: &Key, window: Duration) -> Outcome<u64> {
        self.0.count(key, 60 * window).await
    }
}
