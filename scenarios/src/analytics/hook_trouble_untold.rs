//! Operators are not told that events for analytics are lost (inventory 26, 53).
//!
//! Seen in real systems: the loss is a line of the log that nobody reads, and the health check looks at what logins need.

use crate::vocabulary::PlantedBug;
use async_trait::async_trait;
use idp::{
    analytics::{Analytics, LoginEvent},
    replica::Wiring,
};
use std::sync::Arc;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "hook_trouble_untold",
    title: "health says nothing of events that the analytics hook does not take",
    covers: &[26, 53],
    scenario: "hook_hangs_long",
    detected_by: "HealthTells",
    bug: |_, _, wiring| Wiring {
        analytics: Arc::new(OnlyRecords(wiring.analytics)),
        ..wiring
    },
};

/// It has no trouble to tell of.
struct OnlyRecords(Arc<dyn Analytics>);

#[async_trait]
impl Analytics for OnlyRecords {
    async fn record(&self, event: LoginEvent) {
        self.0.record(event).await;
    }
}
