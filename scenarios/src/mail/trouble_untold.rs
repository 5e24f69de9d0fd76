//! Operators are not told that mails are not delivered (inventory 1, 26).
//!
//! Seen in real systems: the relay hangs, the outbox is full, nobody gets a code, and the health check looks at the database only.

use crate::vocabulary::PlantedBug;
use async_trait::async_trait;
use idp::{
    mail::{Mail, Mailer},
    replica::Wiring,
};
use seams::Outcome;
use std::sync::Arc;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "trouble_untold",
    title: "health says nothing of mails that are not delivered",
    covers: &[1, 26],
    scenario: "mail_stalls",
    detected_by: "HealthTells",
    bug: |_, _, wiring| Wiring {
        mailer: Arc::new(Silent(wiring.mailer)),
        ..wiring
    },
};

/// It has no trouble to tell of.
struct Silent(Arc<dyn Mailer>);

#[async_trait]
impl Mailer for Silent {
    async fn enqueue(&self, mail: Mail) -> Outcome<()> {
        self.0.enqueue(mail).await
    }
    async fn deliver(&self, mail: Mail) -> Outcome<()> {
        self.0.deliver(mail).await
    }
}
