//! An attempt that takes long is noted no more while it goes on, so that its twin is judged at the same time (inventory 4).
//!
//! Seen in this service: a disk that hung for seconds, and a note that was kept for five. The second press found the code taken
//! by the first, which had not opened its session yet, and somebody with the right code was told that it was wrong.

use crate::{
    planted::twist::{StoreTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{
    limits::VERIFY_ATTEMPTS,
    replica::Wiring,
    store::{AuthStateStore, Key},
};
use seams::Outcome;
use std::{sync::Arc, time::Duration};

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "note_runs_out",
    title: "an attempt that takes long is forgotten, and its twin is judged at the same time",
    covers: &[4],
    scenario: "disk_hangs",
    detected_by: "AnswersAllowed",
    bug: |_, _, wiring| Wiring {
        store: Arc::new(Twisted(NotedOnce(wiring.store))),
        ..wiring
    },
};

struct NotedOnce(Arc<dyn AuthStateStore>);

#[async_trait]
impl StoreTwist for NotedOnce {
    fn inner(&self) -> &Arc<dyn AuthStateStore> {
        &self.0
    }
    async fn renew(&self, key: &Key, holder: &[u8], ttl: Duration) -> Outcome<bool> {
        match key.namespace == VERIFY_ATTEMPTS {
            true => Ok(true),
            false => self.0.renew(key, holder, ttl).await,
        }
    }
}
