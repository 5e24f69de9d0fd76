//! The leader deletes nothing that has expired (inventory 24).
//!
//! Seen in real systems: a job whose query finds nothing because its column holds seconds and its parameter milliseconds.
//! Every login leaves rows for ever, and one day the disk is full.

use crate::{
    planted::twist::{ExpiryTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{
    directory::Directory,
    leader::{ExpiryRepository, LeaderEpoch},
    replica::Wiring,
};
use seams::{Outcome, Timestamp};
use std::sync::Arc;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "never_sweeps",
    title: "the leader deletes nothing that has expired",
    covers: &[24],
    scenario: "leader_at_work",
    detected_by: "DirectoryKept",
    bug: |_, _, wiring| Wiring {
        directory: Directory {
            expiry: Arc::new(Twisted(InSeconds(wiring.directory.expiry))),
            ..wiring.directory
        },
        ..wiring
    },
};

struct InSeconds(Arc<dyn ExpiryRepository>);

#[async_trait]
impl ExpiryTwist for InSeconds {
    fn inner(&self) -> &Arc<dyn ExpiryRepository> {
        &self.0
    }
    async fn sweep(&self, epoch: LeaderEpoch, now: Timestamp) -> Outcome<u64> {
        self.0.sweep(epoch, Timestamp(now.millis() / 1000)).await
    }
}
