//! A code is consumed first and validated afterwards (inventory 7).
//!
//! Whoever sees a code can burn it, even without being able to redeem it: after one wrong verifier its owner is
//! refused.

use crate::{
    planted::twist::{StoreTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{
    redemption::CODE,
    replica::Wiring,
    store::{AuthStateStore, Key},
};
use seams::Outcome;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "validate_after_consume",
    title: "a code is consumed before its verifier is looked at",
    covers: &[7],
    scenario: "code_race",
    detected_by: "RightfulCodeHonoured",
    bug: |_, _, wiring| Wiring {
        store: Arc::new(Twisted(ConsumeFirst {
            store: wiring.store,
            consumed: Mutex::default(),
        })),
        ..wiring
    },
};

struct ConsumeFirst {
    store: Arc<dyn AuthStateStore>,
    /// Codes that requests in progress have consumed and not yet validated.
    consumed: Mutex<BTreeMap<Key, Vec<u8>>>,
}

#[async_trait]
impl StoreTwist for ConsumeFirst {
    fn inner(&self) -> &Arc<dyn AuthStateStore> {
        &self.store
    }
    async fn get(&self, key: &Key) -> Outcome<Option<Vec<u8>>> {
        if key.namespace != CODE {
            return self.store.get(key).await;
        }
        let taken = self.store.take(key).await?;
        if let Some(value) = &taken {
            let mut consumed = self.consumed.lock().expect("nobody panics while holding it");
            consumed.insert(key.clone(), value.clone());
        }
        Ok(taken)
    }
    async fn take(&self, key: &Key) -> Outcome<Option<Vec<u8>>> {
        let consumed = self
            .consumed
            .lock()
            .expect("nobody panics while holding it")
            .remove(key);
        match consumed {
            Some(value) => Ok(Some(value)),
            None => self.store.take(key).await,
        }
    }
}
