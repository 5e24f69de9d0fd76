//! Analytics is told that somebody logged in, and not who (inventory 53).
//!
//! Seen in real systems: a field that was renamed on one side, and `None` serialized as `null` ever since. No login fails,
//! so nobody notices until the numbers are needed.

use crate::vocabulary::PlantedBug;
use async_trait::async_trait;
use idp::{
    analytics::{Analytics, LoginEvent},
    replica::Wiring,
};
use std::sync::Arc;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "event_without_person",
    title: "the event of a login does not say who logged in",
    covers: &[53],
    scenario: "calm_day",
    detected_by: "AnswersAllowed",
    bug: |_, _, wiring| Wiring {
        analytics: Arc::new(Anonymous(wiring.analytics)),
        ..wiring
    },
};

struct Anonymous(Arc<dyn Analytics>);

#[async_trait]
impl Analytics for Anonymous {
    async fn record(&self, event: LoginEvent) {
        let subject = None;
        self.0.record(LoginEvent { subject, ..event }).await;
    }
}
