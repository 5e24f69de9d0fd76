//! A look for reminders that fails is taken for one that found none, and nothing is said about it (inventory 25, 56).
//!
//! Seen in real systems: `if let Ok(rows) = …` in a background job, so that a job that could not read its table for weeks
//! looked like one that had nothing to do.

use crate::vocabulary::PlantedBug;
use async_trait::async_trait;
use idp::{
    leader::{LeaderEpoch, Reminder, ReminderClaim, ReminderRepository},
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
        wiring.directory.reminders = Arc::new(Swallows(wiring.directory.reminders));
        wiring
    },
};

struct Swallows(Arc<dyn ReminderRepository>);

#[async_trait]
impl ReminderRepository for Swallows {
    async fn due_reminders(&self, now: Timestamp, limit: usize) -> Outcome<Vec<Reminder>> {
        Ok(self.0.due_reminders(now, limit).await.unwrap_or_default())
    }
    async fn add_reminder(&self, reminder: Reminder) -> Outcome<bool> {
        self.0.add_reminder(reminder).await
    }
    async fn claim_reminder(&self, id: &str, epoch: LeaderEpoch, now: Timestamp) -> Outcome<ReminderClaim> {
        self.0.claim_reminder(id, epoch, now).await
    }
    async fn finish_reminder(&self, id: &str, epoch: LeaderEpoch) -> Outcome<bool> {
        self.0.finish_reminder(id, epoch).await
    }
    async fn unclaim_reminder(&self, id: &str, epoch: LeaderEpoch) -> Outcome<bool> {
        self.0.unclaim_reminder(id, epoch).await
    }
}
