//! A replica remembers by itself which addresses are locked (inventory 18; SP 800-63B-4 section 3.2.2).
//!
//! Seen in real systems: a cache in front of the counter, so that a locked address costs no query. Nobody tells it when an
//! operator unlocks the address, and the owner stays out until the process restarts.

use crate::{
    planted::twist::{FailureTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{
    directory::Directory,
    limits::{CountedAttempt, FailureRepository},
    replica::Wiring,
};
use seams::Outcome;
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "lock_remembered",
    title: "a replica remembers that an address is locked, and does not notice that an operator unlocks it",
    covers: &[18],
    scenario: "unlocked_by_operators",
    detected_by: "AnswersAllowed",
    bug: |_, _, wiring| Wiring {
        directory: Directory {
            failures: Arc::new(Twisted(Remembers {
                inner: wiring.directory.failures,
                locked: Mutex::default(),
            })),
            ..wiring.directory
        },
        ..wiring
    },
};

struct Remembers {
    inner: Arc<dyn FailureRepository>,
    locked: Mutex<BTreeSet<String>>,
}

#[async_trait]
impl FailureTwist for Remembers {
    fn inner(&self) -> &Arc<dyn FailureRepository> {
        &self.inner
    }
    async fn count_attempt(&self, attempt: CountedAttempt) -> Outcome<Option<u64>> {
        let address = attempt.address.clone();
        let locked = || self.locked.lock().expect("nobody panics while holding it");
        if attempt.known.is_none() && locked().contains(&address) {
            return Ok(None);
        }
        let counted = self.inner.count_attempt(attempt).await?;
        if counted.is_none() {
            locked().insert(address);
        }
        Ok(counted)
    }
}
