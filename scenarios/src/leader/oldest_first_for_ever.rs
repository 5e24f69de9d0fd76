//! The leader always sends the oldest reminders first, however often they have failed (inventory 31).
//!
//! Seen in this service: the relay refused eight reminders for good, their claims were given back, and the same eight filled every
//! look: 104 refusals in 13 s, and the ninth, a good one, was never sent.

use crate::{
    planted::twist::{ReminderTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{
    directory::Directory,
    leader::{Reminder, ReminderRepository},
    replica::Wiring,
};
use seams::{Outcome, Timestamp};
use std::sync::Arc;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "oldest_first_for_ever",
    title: "reminders that fail again and again keep all others from being sent",
    covers: &[31],
    scenario: "mailboxes_gone",
    detected_by: "RemindersArrive",
    bug: |_, _, wiring| Wiring {
        directory: Directory {
            reminders: Arc::new(Twisted(OldestFirst(wiring.directory.reminders))),
            ..wiring.directory
        },
        ..wiring
    },
};

struct OldestFirst(Arc<dyn ReminderRepository>);

#[async_trait]
impl ReminderTwist for OldestFirst {
    fn inner(&self) -> &Arc<dyn ReminderRepository> {
        &self.0
    }
    async fn due_reminders(&self, now: Timestamp, limit: usize) -> Outcome<Vec<Reminder>> {
        let mut all = self.0.due_reminders(now, usize::MAX >> 1).await?;
        all.sort_by(|one, other| (one.due, &one.id).cmp(&(other.due, &other.id)));
        all.truncate(limit);
        Ok(all)
    }
}
