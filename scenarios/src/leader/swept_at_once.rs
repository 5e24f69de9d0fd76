//! The leader deletes everything that has expired in one transaction (inventory 24, 28).
//!
//! Seen: with 120,000 expired rows nobody was answered for 2.1 s, and the other replica was locked out.

use crate::{
    planted::twist::{ExpiryTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{
    directory::Directory,
    leader::{ExpiryRepository, LeaderEpoch},
    replica::Wiring,
    store::SqliteDirectory,
};
use seams::{Env, Outcome, Timestamp};
use std::{sync::Arc, time::Duration};

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "swept_at_once",
    title: "the leader deletes everything that has expired in one transaction",
    covers: &[24, 28],
    scenario: "backlog_swept",
    detected_by: "StallsBounded",
    bug: |env, config, wiring| Wiring {
        directory: Directory {
            expiry: Arc::new(Twisted(AtOnce {
                inner: wiring.directory.expiry,
                env: env.clone(),
                location: config.directory.clone(),
            })),
            ..wiring.directory
        },
        ..wiring
    },
};

struct AtOnce {
    inner: Arc<dyn ExpiryRepository>,
    env: Env,
    location: String,
}

#[async_trait]
impl ExpiryTwist for AtOnce {
    fn inner(&self) -> &Arc<dyn ExpiryRepository> {
        &self.inner
    }
    async fn sweep(&self, epoch: LeaderEpoch, now: Timestamp) -> Outcome<u64> {
        match SqliteDirectory::open_existing(self.env.clone(), &self.location, Duration::ZERO).await {
            Ok(directory) => directory.sweeping(1_000_000).sweep(epoch, now).await,
            Err(_) => self.inner.sweep(epoch, now).await,
        }
    }
}
