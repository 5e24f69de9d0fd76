//! Analytics is told each event twice (inventory 53).
//!
//! Seen in real systems: a call that is repeated because its answer came late, to a hook that does not know it again. Every
//! number is twice what it should be.

use crate::vocabulary::PlantedBug;
use async_trait::async_trait;
use idp::{
    analytics::{Analytics, LoginEvent},
    replica::Wiring,
};
use std::sync::Arc;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "event_told_twice",
    title: "analytics is told each event twice",
    covers: &[53],
    scenario: "calm_day",
    detected_by: "AnswersAllowed",
    bug: |_, _, wiring| Wiring {
        analytics: Arc::new(Twice(wiring.analytics)),
        ..wiring
    },
};

struct Twice(Arc<dyn Analytics>);

#[async_trait]
impl Analytics for Twice {
    async fn record(&self, event: LoginEvent) {
        self.0.record(event.clone()).await;
        self.0.record(event).await;
    }
}
