//! A leader asks whether it leads when it looks for reminders, and not again before each of them (inventory 30, 34).
//!
//! It takes its time between two mails, and in that time its lease may end, or it may be asked to stop.

use crate::{
    planted::twist::{ReminderTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{
    directory::Directory,
    leader::{LeaderEpoch, ReminderClaim, ReminderRepository},
    replica::Wiring,
};
use seams::{Outcome, Timestamp};
use std::{sync::Arc, time::Duration};
use tokio::time::sleep;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "asked_once_whether_it_leads",
    title: "a leader begins to send reminders after it was asked to stop, for it has asked before whether it leads",
    covers: &[30, 34],
    scenario: "rolling_restart",
    detected_by: "JobsUnderLease",
    bug: |_, _, wiring| Wiring {
        directory: Directory {
            reminders: Arc::new(Twisted(Unhurried(wiring.directory.reminders))),
            ..wiring.directory
        },
        ..wiring
    },
};

/// Before each mail: the relay is not to be flooded.
const PAUSE: Duration = Duration::from_millis(1_500);

struct Unhurried(Arc<dyn ReminderRepository>);

#[async_trait]
impl ReminderTwist for Unhurried {
    fn inner(&self) -> &Arc<dyn ReminderRepository> {
        &self.0
    }
    async fn claim_reminder(&self, id: &str, epoch: LeaderEpoch, now: Timestamp) -> Outcome<ReminderClaim> {
        sleep(PAUSE).await;
        self.0.claim_reminder(id, epoch, now).await
    }
}
