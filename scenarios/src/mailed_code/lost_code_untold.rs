//! A mailed code that was taken, and can neither be used nor put back, is told as one that can be tried again (inventory 25).
//!
//! Its person types it once more, and reads that it is wrong: the code of which the page has just said that nothing is lost.

use crate::{
    planted::{
        taken::Taken,
        twist::{StoreTwist, Twisted},
    },
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{
    mailed_code::EMAIL_CODE,
    replica::Wiring,
    store::{AuthStateStore, Key},
};
use seams::Outcome;
use std::{sync::Arc, time::Duration};

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "lost_code_untold",
    title: "nobody looks whether a mailed code could be put back",
    covers: &[25],
    scenario: "calls_fail_twice",
    detected_by: "AnswersAllowed",
    bug: |_, _, wiring| Wiring {
        store: Arc::new(Twisted(Careless {
            inner: wiring.store,
            taken: Taken::of(EMAIL_CODE),
        })),
        ..wiring
    },
};

struct Careless {
    inner: Arc<dyn AuthStateStore>,
    taken: Taken,
}

#[async_trait]
impl StoreTwist for Careless {
    fn inner(&self) -> &Arc<dyn AuthStateStore> {
        &self.inner
    }
    async fn take(&self, key: &Key) -> Outcome<Option<Vec<u8>>> {
        self.taken.takes(key);
        self.inner.take(key).await
    }
    async fn put(&self, key: &Key, value: &[u8], ttl: Duration) -> Outcome<()> {
        let put = self.inner.put(key, value, ttl).await;
        match self.taken.has(key) {
            true => Ok(()),
            false => put,
        }
    }
}
