//! Health says that the store is broken, and it works (inventory 26).
//!
//! Seen in real systems: a check that expects one of two good answers. Operators are called at night for nothing, and soon
//! believe no alarm.

use crate::{
    planted::twist::{StoreTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{replica::Wiring, store::AuthStateStore};
use seams::{Cause, Failure, Outcome};
use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "health_blames_the_store",
    title: "every third look at health blames a store that works",
    covers: &[26],
    scenario: "calm_day",
    detected_by: "AnswersAllowed",
    bug: |_, _, wiring| Wiring {
        store: Arc::new(Twisted(Blamed {
            store: wiring.store,
            looks: AtomicU32::new(0),
        })),
        ..wiring
    },
};

struct Blamed {
    store: Arc<dyn AuthStateStore>,
    looks: AtomicU32,
}

#[async_trait]
impl StoreTwist for Blamed {
    fn inner(&self) -> &Arc<dyn AuthStateStore> {
        &self.store
    }
    async fn health(&self) -> Outcome<()> {
        self.store.health().await?;
        match self.looks.fetch_add(1, Ordering::Relaxed) % 3 {
            2 => Err(Failure::Fail(Cause::Protocol("an answer that nobody expected".into()))),
            _ => Ok(()),
        }
    }
}
