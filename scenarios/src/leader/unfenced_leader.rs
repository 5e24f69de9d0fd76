//! The leader checks once that it is the leader, sends, and records afterwards that it has sent (inventory 29, 31).
//!
//! 1. A looks for due reminders.
//! 2. A is paused past its lease.
//! 3. B becomes the leader and sends.
//! 4. A is resumed where it was, and sends too.

use crate::{
    planted::twist::{EpochTwist, ReminderTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{
    directory::Directory,
    leader::{EpochRepository, LeaderEpoch, ReminderClaim, ReminderRepository},
    replica::Wiring,
};
use seams::{Env, Outcome, Timestamp};
use std::sync::Arc;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "unfenced_leader",
    title: "reminders are sent without a claim and marked after sending, whatever the epoch",
    covers: &[29, 31],
    scenario: "leader_pauses",
    detected_by: "RemindersOnce",
    bug: |env, _, wiring| {
        let unfenced = Unfenced {
            env: env.clone(),
            epochs: wiring.directory.epochs,
            reminders: wiring.directory.reminders,
        };
        Wiring {
            directory: Directory {
                epochs: Arc::new(Twisted(unfenced.clone())),
                reminders: Arc::new(Twisted(unfenced)),
                ..wiring.directory
            },
            ..wiring
        }
    },
};

#[derive(Clone)]
struct Unfenced {
    env: Env,
    epochs: Arc<dyn EpochRepository>,
    reminders: Arc<dyn ReminderRepository>,
}

#[async_trait]
impl EpochTwist for Unfenced {
    fn inner(&self) -> &Arc<dyn EpochRepository> {
        &self.epochs
    }
    async fn newest_epoch(&self) -> Outcome<LeaderEpoch> {
        Ok(LeaderEpoch(0)) // nobody checks the epoch
    }
}

#[async_trait]
impl ReminderTwist for Unfenced {
    fn inner(&self) -> &Arc<dyn ReminderRepository> {
        &self.reminders
    }
    async fn claim_reminder(&self, _: &str, _: LeaderEpoch, _: Timestamp) -> Outcome<ReminderClaim> {
        Ok(ReminderClaim::Claimed)
    }
    async fn finish_reminder(&self, id: &str, _: LeaderEpoch) -> Outcome<bool> {
        // Every writer gets the newest epoch, as if the table had none.
        let epoch = self.epochs.begin_epoch("anybody").await?;
        self.reminders.claim_reminder(id, epoch, self.env.now()).await?;
        self.reminders.finish_reminder(id, epoch).await
    }
    async fn unclaim_reminder(&self, _: &str, _: LeaderEpoch) -> Outcome<bool> {
        Ok(true)
    }
}
