//! A full disk is taken for a directory that is gone, so that both replicas close their ports (inventory 26).
//!
//! Seen in real systems: every error of a dependency makes the instance unready. All instances have the same error, and the
//! balancer has nobody left.

use crate::{
    planted::twist::{ProbeTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{directory::Directory, replica::Wiring, store::DirectoryProbe};
use seams::{Cause, Failure, Outcome};
use std::sync::Arc;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "full_disk_closes_ports",
    title: "both replicas close their ports because the directory's disk is full",
    covers: &[26],
    scenario: "disk_is_full",
    detected_by: "PortStaysOpen",
    bug: |_, _, wiring| Wiring {
        directory: Directory {
            probe: Arc::new(Twisted(AsIfGone(wiring.directory.probe))),
            ..wiring.directory
        },
        ..wiring
    },
};

struct AsIfGone(Arc<dyn DirectoryProbe>);

#[async_trait]
impl ProbeTwist for AsIfGone {
    fn inner(&self) -> &Arc<dyn DirectoryProbe> {
        &self.0
    }
    async fn probe(&self) -> Outcome<()> {
        match self.0.probe().await {
            Err(Failure::Fail(Cause::DiskFull)) => {
                Err(Failure::Fail(Cause::Storage("database or disk is full".into())))
            }
            probed => probed,
        }
    }
}
