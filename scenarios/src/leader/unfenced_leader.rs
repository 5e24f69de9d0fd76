//! The leader looks once whether it leads, sends, and notes afterwards that it has sent (inventory
//! 29, 31).
//!
//! 1. A looks for due reminders. 2. A stands still past its lease. 3. B leads and sends. 4. A goes
//!    on where it was, and sends.

use crate::{
    planted::twist::{DirectoryTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{
    replica::Wiring,
    seams::{Directory, Env, LeaderEpoch, Outcome, ReminderClaim, Timestamp},
};
use std::sync::Arc;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "unfenced_leader",
    title: "reminders are sent without a claim and marked after sending, whatever the epoch",
    covers: &[29, 31],
    scenario: "leader_pauses",
    detected_by: "RemindersOnce",
    bug: |env, _, wiring| Wiring {
        directory: Arc::new(Twisted(Unfenced {
            env: env.clone(),
            directory: wiring.directory,
        })),
        ..wiring
    },
};

struct Unfenced {
    env: Env,
    directory: Arc<dyn Directory>,
}

#[async_trait]
impl DirectoryTwist for Unfenced {
    fn inner(&self) -> &Arc<dyn Directory> {
        &self.directory
    }
    async fn newest_epoch(&self) -> Outcome<LeaderEpoch> {
        Ok(LeaderEpoch(0)) // nobody looks
    }

    async fn claim_reminder(&self, _: &str, _: LeaderEpoch, _: Timestamp) -> Outcome<ReminderClaim> {
        Ok(ReminderClaim::Claimed)
    }
    async fn finish_reminder(&self, id: &str, _: LeaderEpoch) -> Outcome<bool> {
        // Whoever writes is the newest: what a table without an epoch amounts to.
        let epoch = self.directory.begin_epoch("anybody").await?;
        self.directory.claim_reminder(id, epoch, self.env.now()).await?;
        self.directory.finish_reminder(id, epoch).await
    }
    async fn unclaim_reminder(&self, _: &str, _: LeaderEpoch) -> Outcome<bool> {
        Ok(true)
    }
}
