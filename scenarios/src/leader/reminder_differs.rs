//! A reminder says only the first line of its text (inventory 31).
//!
//! Seen in real systems: text that goes through a function that makes a subject of it.

use crate::vocabulary::PlantedBug;
use async_trait::async_trait;
use idp::{
    mail::{Mail, Mailer, Subject},
    replica::Wiring,
};
use seams::Outcome;
use std::sync::Arc;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "reminder_differs",
    title: "a reminder says only the first line of its text",
    covers: &[31],
    scenario: "leader_at_work",
    detected_by: "AnswersAllowed",
    bug: |_, _, wiring| Wiring {
        mailer: Arc::new(FirstLine(wiring.mailer)),
        ..wiring
    },
};

struct FirstLine(Arc<dyn Mailer>);

#[async_trait]
impl Mailer for FirstLine {
    async fn enqueue(&self, mail: Mail) -> Outcome<()> {
        self.0.enqueue(mail).await
    }
    async fn deliver(&self, mail: Mail) -> Outcome<()> {
        let subject = match mail.subject {
            Subject::Reminder { id, text, due } => Subject::Reminder {
                id,
                text: text.lines().next().unwrap_or_default().to_owned(),
                due,
            },
            other => other,
        };
        self.0.deliver(Mail { subject, ..mail }).await
    }
}
