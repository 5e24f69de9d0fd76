//! A leader that renews its lease does not look whether somebody has begun a newer epoch (inventory
//! 29, 30, 39): the service had this bug itself, until a run of the swarm found it.
//!
//! 1. A leads on the old master, which is paused.
//! 2. B leads on the new one, with epoch 2.
//! 3. Both wake. A's lease has run out, and the old master grants it anew: epoch 3.
//! 4. The old master is demoted. B goes on renewing a lease with which it may do nothing any more:
//!    its epoch is fenced, and nobody else gets the lease. From then on no reminder is sent.

use crate::{
    planted::twist::{EpochTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{
    directory::Directory,
    leader::{EpochRepository, LeaderEpoch},
    replica::Wiring,
};
use seams::Outcome;
use std::sync::Arc;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "epoch_not_watched",
    title: "a leader that is fenced for good goes on renewing its lease",
    covers: &[29, 30, 39],
    scenario: "swarm",
    detected_by: "RemindersArrive",
    bug: |_, _, wiring| Wiring {
        directory: Directory {
            epochs: Arc::new(Twisted(NotWatched(wiring.directory.epochs))),
            ..wiring.directory
        },
        ..wiring
    },
};

struct NotWatched(Arc<dyn EpochRepository>);

#[async_trait]
impl EpochTwist for NotWatched {
    fn inner(&self) -> &Arc<dyn EpochRepository> {
        &self.0
    }
    async fn newest_epoch(&self) -> Outcome<LeaderEpoch> {
        Ok(LeaderEpoch(0)) // none is ever newer
    }
}
