//! While a replica waits for its directory to answer, its health says what the last answer was (inventory 26).
//!
//! A disk that hangs answers nothing: for as long as it hung, 15 s, both replicas said that they were well.

use crate::{
    planted::twist::{ProbeTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{directory::Directory, replica::Wiring, store::DirectoryProbe};
use seams::{Env, Outcome};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "hung_disk_untold",
    title: "while the directory does not answer, health says what its last answer was",
    covers: &[26],
    scenario: "disk_hangs",
    detected_by: "HealthTells",
    bug: |env, _, wiring| {
        let remembers = Remembers {
            inner: wiring.directory.probe,
            env: env.clone(),
            is_asked: Arc::default(),
        };
        Wiring {
            directory: Directory {
                probe: Arc::new(Twisted(remembers)),
                ..wiring.directory
            },
            ..wiring
        }
    },
};

struct Remembers {
    inner: Arc<dyn DirectoryProbe>,
    env: Env,
    is_asked: Arc<AtomicBool>,
}

#[async_trait]
impl ProbeTwist for Remembers {
    fn inner(&self) -> &Arc<dyn DirectoryProbe> {
        &self.inner
    }
    async fn probe(&self) -> Outcome<()> {
        if !self.is_asked.swap(true, Ordering::Relaxed) {
            let (inner, is_asked) = (self.inner.clone(), self.is_asked.clone());
            self.env.spawn(async move {
                drop(inner.probe().await);
                is_asked.store(false, Ordering::Relaxed);
            });
        }
        Ok(())
    }
}
