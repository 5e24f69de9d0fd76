//! A reminder whose recipient is gone is tried again and again (inventory 31).
//!
//! Seen in real systems: every refusal is a reason to try later. The relay counts each of them against its client, and in the end
//! takes no mail of it (RFC 5321 section 4.2.1: a reply of the 500s is not to be followed by the same command).

use crate::vocabulary::PlantedBug;
use async_trait::async_trait;
use idp::{
    mail::{Mail, Mailer},
    replica::Wiring,
};
use seams::{Cause, Failure, Outcome};
use std::sync::Arc;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "gone_tried_again",
    title: "a reminder that the relay has refused for good is tried again",
    covers: &[31],
    scenario: "mailboxes_gone",
    detected_by: "RemindersOnce",
    bug: |_, _, wiring| Wiring {
        mailer: Arc::new(NeverGivesUp(wiring.mailer)),
        ..wiring
    },
};

struct NeverGivesUp(Arc<dyn Mailer>);

#[async_trait]
impl Mailer for NeverGivesUp {
    async fn enqueue(&self, mail: Mail) -> Outcome<()> {
        self.0.enqueue(mail).await
    }
    async fn deliver(&self, mail: Mail) -> Outcome<()> {
        match self.0.deliver(mail).await {
            Err(Failure::Fail(Cause::RefusedForGood(reply))) => Err(Failure::Fail(Cause::Refused(reply))),
            other => other,
        }
    }
}
