//! A leader that renews its lease does not check whether another replica has begun a newer epoch (inventory 29, 30,
//! 39). The service itself had this bug until a run of the swarm found it.
//!
//! 1. A is the leader, with a lease on the old master. A and the old master are paused.
//! 2. B becomes the leader, with a lease on the new master, and begins epoch 2.
//! 3. A and the old master resume. A's lease has expired, and the old master grants it again: A begins epoch 3.
//! 4. The old master is demoted. B goes on renewing its lease, but may do nothing with it, because its epoch is fenced;
//!    and no other replica gets the lease. From then on no reminder is sent.

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
    scenario: "old_master_grants",
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
        Ok(LeaderEpoch(0)) // hides every newer epoch
    }
}
