//! A replica that cannot read the signing keys signs with keys of its own (inventory 25, 40).
//!
//! "No keys" and "none that I can read" are one for it. It starts, and what it signs nobody else can check.

use crate::{
    planted::twist::{KeyTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{
    directory::Directory,
    keys::{KeyRepository, SigningKey, SigningKeyRecord},
    replica::Wiring,
};
use seams::Outcome;
use std::sync::Arc;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "unreadable_key_replaced",
    title: "a replica that cannot read the signing keys signs with keys of its own",
    covers: &[25, 40],
    scenario: "signing_key_damaged",
    detected_by: "AnswersAllowed",
    bug: |_, _, wiring| Wiring {
        directory: Directory {
            keys: Arc::new(Twisted(Readable(wiring.directory.keys))),
            ..wiring.directory
        },
        ..wiring
    },
};

struct Readable(Arc<dyn KeyRepository>);

fn readable(keys: Outcome<Vec<SigningKeyRecord>>) -> Vec<SigningKeyRecord> {
    let mut keys = keys.unwrap_or_default();
    keys.retain(|key| SigningKey::read(key).is_ok());
    keys
}

#[async_trait]
impl KeyTwist for Readable {
    fn inner(&self) -> &Arc<dyn KeyRepository> {
        &self.0
    }
    async fn signing_keys(&self) -> Outcome<Vec<SigningKeyRecord>> {
        Ok(readable(self.0.signing_keys().await))
    }
    async fn ensure_signing_key(&self, candidate: SigningKeyRecord) -> Outcome<Vec<SigningKeyRecord>> {
        let mut keys = readable(self.0.ensure_signing_key(candidate.clone()).await);
        if !keys.iter().any(|key| key.algorithm == candidate.algorithm) {
            keys.push(candidate);
        }
        Ok(keys)
    }
}
