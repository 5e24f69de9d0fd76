//! A code that was taken and could not be redeemed is not given back, and the client reads "try again" (inventory 7, 25).
//!
//! Seen in real systems: the write that makes good an earlier one is sent and forgotten (`let _ = …`). It fails when the
//! write before it failed, for the same reason, and nobody has seen it fail alone.

use crate::{
    planted::{
        taken::Taken,
        twist::{StoreTwist, Twisted},
    },
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{
    redemption::CODE,
    replica::Wiring,
    store::{AuthStateStore, Key},
};
use seams::Outcome;
use std::{sync::Arc, time::Duration};

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "code_not_put_back",
    title: "a code that could not be redeemed is lost, and its client is told to try again",
    covers: &[7, 25],
    scenario: "calls_fail",
    detected_by: "AnswersAllowed",
    bug: |_, _, wiring| Wiring {
        store: Arc::new(Twisted(Forgetting {
            inner: wiring.store,
            taken: Taken::of(CODE),
        })),
        ..wiring
    },
};

struct Forgetting {
    inner: Arc<dyn AuthStateStore>,
    taken: Taken,
}

#[async_trait]
impl StoreTwist for Forgetting {
    fn inner(&self) -> &Arc<dyn AuthStateStore> {
        &self.inner
    }
    async fn take(&self, key: &Key) -> Outcome<Option<Vec<u8>>> {
        self.taken.takes(key);
        self.inner.take(key).await
    }
    async fn put(&self, key: &Key, value: &[u8], ttl: Duration) -> Outcome<()> {
        match self.taken.has(key) {
            true => Ok(()),
            false => self.inner.put(key, value, ttl).await,
        }
    }
}
