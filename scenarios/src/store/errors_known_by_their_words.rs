//! The store's errors are classified by the error texts of the Redis library (inventory 58).
//!
//! Seen in real systems: programs compared the text of Redis's NOSCRIPT error; another server used a different text,
//! and they classified it as another error (valkey-io/valkey#1537).

use crate::{
    planted::twist::{StoreTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{
    replica::Wiring,
    store::{AuthStateStore, Key},
};
use seams::{Cause, Failure, Outcome};
use sim::run::NOTHING_PANICS;
use std::{sync::Arc, time::Duration};

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "errors_known_by_their_words",
    title: "a lost connection is known by the words of last year's library, and others panic",
    covers: &[58],
    scenario: "failover_mid_redemption",
    detected_by: NOTHING_PANICS,
    bug: |_, _, wiring| Wiring {
        store: Arc::new(Twisted(ByWords(wiring.store))),
        ..wiring
    },
};

struct ByWords(Arc<dyn AuthStateStore>);

/// Panics if a lost connection is reported with another text than the library used when this was written.
fn read<T>(outcome: Outcome<T>) -> Outcome<T> {
    if let Err(Failure::Unknown(Cause::ConnectionLost(words))) = &outcome {
        assert!(words.contains("reset by peer"), "the store says what it never said");
    }
    outcome
}

#[async_trait]
impl StoreTwist for ByWords {
    fn inner(&self) -> &Arc<dyn AuthStateStore> {
        &self.0
    }
    async fn put(&self, key: &Key, value: &[u8], ttl: Duration) -> Outcome<()> {
        read(self.0.put(key, value, ttl).await)
    }
    async fn get(&self, key: &Key) -> Outcome<Option<Vec<u8>>> {
        read(self.0.get(key).await)
    }
    async fn take(&self, key: &Key) -> Outcome<Option<Vec<u8>>> {
        read(self.0.take(key).await)
    }
    async fn count(&self, key: &Key, window: Duration) -> Outcome<u64> {
        read(self.0.count(key, window).await)
    }
}
