//! A replica without its store closes all its ports, as if nothing could be done without it (inventory 26).
//!
//! Seen in real systems, and in earlier versions of this one: an instance is ready or it is not, so the loss of one dependency
//! takes away what does not need it.

use crate::{
    planted::twist::{ProbeTwist, StoreTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{
    directory::Directory,
    replica::Wiring,
    store::{AuthStateStore, DirectoryProbe},
};
use seams::{Cause, Failure, Outcome};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "accounts_end_with_the_store",
    title: "a replica without its store closes the port for accounts, too",
    covers: &[26],
    scenario: "redis_gone",
    detected_by: "GoesOnWithoutStore",
    bug: |_, _, wiring| {
        let is_gone = Arc::<AtomicBool>::default();
        Wiring {
            store: Arc::new(Twisted(Watched {
                store: wiring.store,
                is_gone: is_gone.clone(),
            })),
            directory: Directory {
                probe: Arc::new(Twisted(WithStore {
                    probe: wiring.directory.probe,
                    is_gone,
                })),
                ..wiring.directory
            },
            ..wiring
        }
    },
};

struct Watched {
    store: Arc<dyn AuthStateStore>,
    is_gone: Arc<AtomicBool>,
}

#[async_trait]
impl StoreTwist for Watched {
    fn inner(&self) -> &Arc<dyn AuthStateStore> {
        &self.store
    }
    async fn health(&self) -> Outcome<()> {
        let health = self.store.health().await;
        self.is_gone.store(health.is_err(), Ordering::Relaxed);
        health
    }
}

struct WithStore {
    probe: Arc<dyn DirectoryProbe>,
    is_gone: Arc<AtomicBool>,
}

#[async_trait]
impl ProbeTwist for WithStore {
    fn inner(&self) -> &Arc<dyn DirectoryProbe> {
        &self.probe
    }
    async fn probe(&self) -> Outcome<()> {
        let probed = self.probe.probe().await;
        match self.is_gone.load(Ordering::Relaxed) {
            true => Err(Failure::Fail(Cause::Storage("the store is gone".into()))),
            false => probed,
        }
    }
}
