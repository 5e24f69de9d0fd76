//! A look for reminders that fails is taken for one that found none, and nothing is said about it (inventory 25, 56).
//!
//! Seen in real systems: `if let Ok(rows) = …` in a background job, so that a job that could not read its table for weeks
//! looked like one that had nothing to do.

use crate::{
    planted::twist::{ReminderTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{
    leader::{Reminder, ReminderRepository},
    replica::Wiring,
};
use seams::{Outcome, Timestamp};
use std::sync::Arc;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "failures_swallowed",
    title: "a look for reminders that failed is taken for one that found none",
    covers: &[25, 56],
    scenario: "calls_fail",
    detected_by: "FailuresLogged",
    bug: |_, _, mut wiring: Wiring| {
        wiring.directory.reminders = Arc::new(Twisted(Swallows(wiring.directory.reminders)));
        wiring
    },
};

struct Swallows(Arc<dyn ReminderRepository>);

#[async_trait]
impl ReminderTwist for Swallows {
    fn inner(&self) -> &Arc<dyn ReminderRepository> {
        &self.0
    }
    async fn due_reminders(&self, now: Timestamp, limit: usize) -> Outcome<Vec<Reminder>> {
        Ok(self.0.due_reminders(now, limit).await.unwrap_or_default())
    }
}
