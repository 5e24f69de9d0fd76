//! A mailed code that was taken, and can neither be used nor put back, is told as one that can be tried again (inventory 25).
//!
//! Its person types it once more, and reads that it is wrong: the code of which the page has just said that nothing is lost.

use crate::{
    planted::twist::{StoreTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{
    mailed_code::EMAIL_CODE,
    replica::Wiring,
    store::{AuthStateStore, Key},
};
use seams::Outcome;
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::Duration,
};

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "lost_code_untold",
    title: "nobody looks whether a mailed code could be put back",
    covers: &[25],
    scenario: "calls_fail_twice",
    detected_by: "AnswersAllowed",
    bug: |_, _, wiring| Wiring {
        store: Arc::new(Twisted(Careless {
            inner: wiring.store,
            taken: Mutex::default(),
        })),
        ..wiring
    },
};

struct Careless {
    inner: Arc<dyn AuthStateStore>,
    /// The codes that this replica has taken, or may have. Whoever writes one of them again puts it back.
    taken: Mutex<BTreeSet<String>>,
}

#[async_trait]
impl StoreTwist for Careless {
    fn inner(&self) -> &Arc<dyn AuthStateStore> {
        &self.inner
    }
    async fn take(&self, key: &Key) -> Outcome<Option<Vec<u8>>> {
        if key.namespace == EMAIL_CODE {
            let mut taken = self.taken.lock().expect("nobody panics while holding it");
            taken.insert(key.id.clone());
        }
        self.inner.take(key).await
    }
    async fn put(&self, key: &Key, value: &[u8], ttl: Duration) -> Outcome<()> {
        let put = self.inner.put(key, value, ttl).await;
        let taken = self.taken.lock().expect("nobody panics while holding it");
        match key.namespace == EMAIL_CODE && taken.contains(&key.id) {
            true => Ok(()),
            false => put,
        }
    }
}
