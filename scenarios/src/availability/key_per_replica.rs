//! Each replica signs with keys of its own, and publishes only these (inventory 33, 40).
//!
//! Seen in real systems: dexidp/dex#976, where instances overwrote each other's keys. Whether an ID token verifies
//! depends on which replica signed it and which one was asked for the keys.

use crate::{
    planted::twist::{KeyTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{
    directory::Directory,
    keys::{KeyRepository, SigningKeyRecord},
    replica::Wiring,
};
use seams::Outcome;
use std::sync::{Arc, Mutex};

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "key_per_replica",
    title: "each replica signs with keys of its own",
    covers: &[33, 40],
    scenario: "calm_day",
    detected_by: "NothingFails",
    bug: |_, _, wiring| Wiring {
        directory: Directory {
            keys: Arc::new(Twisted(OwnKeys {
                inner: wiring.directory.keys,
                own: Mutex::default(),
            })),
            ..wiring.directory
        },
        ..wiring
    },
};

struct OwnKeys {
    inner: Arc<dyn KeyRepository>,
    own: Mutex<Vec<SigningKeyRecord>>,
}

#[async_trait]
impl KeyTwist for OwnKeys {
    fn inner(&self) -> &Arc<dyn KeyRepository> {
        &self.inner
    }
    async fn signing_keys(&self) -> Outcome<Vec<SigningKeyRecord>> {
        Ok(vec![]) // the other replicas' keys are ignored
    }
    async fn ensure_signing_key(&self, candidate: SigningKeyRecord) -> Outcome<Vec<SigningKeyRecord>> {
        let mut own = self.own.lock().expect("nobody panics while holding it");
        own.retain(|key| key.algorithm != candidate.algorithm);
        own.push(candidate);
        Ok(own.clone())
    }
}
