//! A request that waits for its turn at the store spins until the one before it is done (inventory 28).
//!
//! Seen in real systems: a flag and `while taken { yield_now().await }` in place of a lock, to spare the waker. It gives way
//! to other tasks, so every test with one request at a time is fast. Two at a time keep a core busy for as long as the store
//! takes; a store that answers late stops the replica.

use crate::{
    planted::twist::{StoreTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{
    replica::Wiring,
    store::{AuthStateStore, Key},
};
use seams::Outcome;
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};
use tokio::task::yield_now;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "waits_by_spinning",
    title: "a request that waits for its turn at the store spins",
    covers: &[28],
    scenario: "code_race",
    detected_by: "RunEnds",
    bug: |_, _, wiring| Wiring {
        store: Arc::new(Twisted(OneAtATime {
            inner: wiring.store,
            is_taken: AtomicBool::new(false),
        })),
        ..wiring
    },
};

struct OneAtATime {
    inner: Arc<dyn AuthStateStore>,
    is_taken: AtomicBool,
}

/// The turn of one request. It ends when the request is done or given up.
struct Turn<'a>(&'a AtomicBool);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

#[async_trait]
impl StoreTwist for OneAtATime {
    fn inner(&self) -> &Arc<dyn AuthStateStore> {
        &self.inner
    }
    async fn take(&self, key: &Key) -> Outcome<Option<Vec<u8>>> {
        while self.is_taken.swap(true, Ordering::SeqCst) {
            yield_now().await;
        }
        let _turn = Turn(&self.is_taken);
        self.inner.take(key).await
    }
}
