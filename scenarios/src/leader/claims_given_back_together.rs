//! Whoever gives a claim back gives back all that it has not finished (inventory 31).
//!
//! What was refused may be sent again. What may have been sent must not: its claim stays for ever.

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
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard},
};

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "claims_given_back_together",
    title: "with a reminder that was refused, those that may have been sent are given back, and sent again",
    covers: &[31],
    scenario: "reminders_in_doubt",
    detected_by: "RemindersOnce",
    bug: |_, _, wiring| Wiring {
        directory: Directory {
            reminders: Arc::new(Twisted(Together {
                inner: wiring.directory.reminders,
                claimed: Mutex::default(),
            })),
            ..wiring.directory
        },
        ..wiring
    },
};

struct Together {
    inner: Arc<dyn ReminderRepository>,
    /// What this replica has claimed and not finished.
    claimed: Mutex<BTreeSet<String>>,
}

impl Together {
    fn claimed(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.claimed.lock().expect("nobody panics while holding it")
    }
}

#[async_trait]
impl ReminderTwist for Together {
    fn inner(&self) -> &Arc<dyn ReminderRepository> {
        &self.inner
    }
    async fn claim_reminder(&self, id: &str, epoch: LeaderEpoch, now: Timestamp) -> Outcome<ReminderClaim> {
        let claim = self.inner.claim_reminder(id, epoch, now).await?;
        if claim == ReminderClaim::Claimed {
            self.claimed().insert(id.to_owned());
        }
        Ok(claim)
    }
    async fn finish_reminder(&self, id: &str, epoch: LeaderEpoch) -> Outcome<bool> {
        self.claimed().remove(id);
        self.inner.finish_reminder(id, epoch).await
    }
    async fn unclaim_reminder(&self, id: &str, epoch: LeaderEpoch) -> Outcome<bool> {
        let all = std::mem::take(&mut *self.claimed());
        for other in all.iter().filter(|other| *other != id) {
            self.inner.unclaim_reminder(other, epoch).await?;
        }
        self.inner.unclaim_reminder(id, epoch).await
    }
}
