//! A job waits for an answer that does not come, without a deadline, and so a process that is asked to end waits for it (inventory
//! 31, 34).
//!
//! Seen in real systems: requests have deadlines, and background jobs have none. Nobody notices until a deployment, of which each
//! restart takes as long as the supervisor is patient.

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
    name: "job_waits_for_ever",
    title: "a job waits without a deadline, and a process that is asked to end waits for it",
    covers: &[31, 34],
    scenario: "rolling_restart",
    detected_by: "StopsInOrder",
    bug: |_, _, wiring| Wiring {
        directory: Directory {
            reminders: Arc::new(Twisted(NeverAnswers(wiring.directory.reminders))),
            ..wiring.directory
        },
        ..wiring
    },
};

struct NeverAnswers(Arc<dyn ReminderRepository>);

#[async_trait]
impl ReminderTwist for NeverAnswers {
    fn inner(&self) -> &Arc<dyn ReminderRepository> {
        &self.0
    }
    async fn due_reminders(&self, _: Timestamp, _: usize) -> Outcome<Vec<Reminder>> {
        std::future::pending().await
    }
}
