//! Only the sweep is held back if the leader's clock is wrong: it goes on leading, and sends whatever is due by its own clock
//! (inventory 31).
//!
//! What this service did itself: a leader half a day ahead reminded everybody of what falls due in half a day.

use crate::{
    planted::twist::{ExpiryTwist, Twisted, by_its_own_clock},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{
    directory::Directory,
    leader::{ExpiryRepository, LeaderEpoch},
    replica::Wiring,
    store::AuthStateStore,
};
use seams::{Cause, Env, Failure, Outcome, Timestamp};
use std::{sync::Arc, time::Duration};

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "leader_by_its_own_clock",
    title: "a leader whose clock is wrong deletes nothing, and goes on sending what is due by it",
    covers: &[31],
    scenario: "clock_far_ahead",
    detected_by: "AnswersAllowed",
    bug: |env, config, wiring| Wiring {
        directory: Directory {
            expiry: Arc::new(Twisted(HeldBack {
                env: env.clone(),
                store: wiring.store.clone(),
                slack: config.ttl.clock_slack,
                inner: wiring.directory.expiry,
            })),
            ..wiring.directory
        },
        store: by_its_own_clock(env, wiring.store),
        ..wiring
    },
};

struct HeldBack {
    env: Env,
    store: Arc<dyn AuthStateStore>,
    slack: Duration,
    inner: Arc<dyn ExpiryRepository>,
}

#[async_trait]
impl ExpiryTwist for HeldBack {
    fn inner(&self) -> &Arc<dyn ExpiryRepository> {
        &self.inner
    }
    async fn sweep(&self, epoch: LeaderEpoch, now: Timestamp) -> Outcome<u64> {
        let theirs = self.store.time().await?;
        let ahead_ms = self.env.now().millis().cast_signed() - theirs.millis().cast_signed();
        match ahead_ms.unsigned_abs() > self.slack.as_millis() as u64 {
            true => Err(Failure::Fail(Cause::ClockApart { ahead_ms })),
            false => self.inner.sweep(epoch, now).await,
        }
    }
}
