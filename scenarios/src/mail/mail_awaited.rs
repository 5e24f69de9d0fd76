//! The page waits until the relay has accepted the mail (inventory 1).
//!
//! Seen in the first incident report: the relay stalled, the page did not answer, and people pressed the button again.

use crate::vocabulary::PlantedBug;
use async_trait::async_trait;
use idp::{
    mail::{Mail, Mailer},
    replica::Wiring,
};
use seams::Outcome;
use std::sync::Arc;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "mail_awaited",
    title: "the page waits until the relay has taken the mail",
    covers: &[1, 3],
    scenario: "mail_stalls",
    detected_by: "LatencyBudget",
    bug: |_, _, wiring| Wiring {
        mailer: Arc::new(Awaited(wiring.mailer)),
        ..wiring
    },
};

struct Awaited(Arc<dyn Mailer>);

#[async_trait]
impl Mailer for Awaited {
    async fn enqueue(&self, mail: Mail) -> Outcome<()> {
        self.0.deliver(mail).await
    }
    async fn deliver(&self, mail: Mail) -> Outcome<()> {
        self.0.deliver(mail).await
    }
}
