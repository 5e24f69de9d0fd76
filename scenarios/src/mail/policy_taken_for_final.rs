//! A reminder that the relay refuses for a reason of policy is given up (inventory 3, 31).
//!
//! Seen in real systems: every reply of the 500s is "permanent", so a relay whose configuration is broken for a minute ends what
//! waits for good (RFC 5321 section 4.2.1 says that the same command is not to be repeated, and RFC 3463 section 3.8 that `5.7.x`
//! is about policy).

use crate::vocabulary::PlantedBug;
use async_trait::async_trait;
use idp::{
    mail::{Mail, Mailer},
    replica::Wiring,
};
use seams::{Cause, Failure, Outcome};
use std::sync::Arc;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "policy_taken_for_final",
    title: "a reminder that the relay refuses for a reason of policy is given up",
    covers: &[3, 31],
    scenario: "relay_bars",
    detected_by: "RemindersArrive",
    bug: |_, _, wiring| Wiring {
        mailer: Arc::new(GivesUp(wiring.mailer)),
        ..wiring
    },
};

struct GivesUp(Arc<dyn Mailer>);

#[async_trait]
impl Mailer for GivesUp {
    async fn enqueue(&self, mail: Mail) -> Outcome<()> {
        self.0.enqueue(mail).await
    }
    async fn deliver(&self, mail: Mail) -> Outcome<()> {
        match self.0.deliver(mail).await {
            Err(Failure::Fail(Cause::Refused(reply))) if reply.contains("5.7.") => {
                Err(Failure::Fail(Cause::RefusedForGood(reply)))
            }
            other => other,
        }
    }
}
