//! A new code resets the number of attempts (inventory 20; SP 800-63B-4 section 3.2.2 forbids it).
//!
//! Seen in real systems: attempts counted per mailed code, as in mesutpiskin/keycloak-2fa-email-authenticator#117. An
//! attacker who requests a new code after every few guesses is never stopped.

use crate::{
    planted::twist::{StoreTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{
    hash::sha256_hex,
    limits::{FailureRepository, LOGIN_ATTEMPTS},
    mailed_code::EMAIL_CODE,
    replica::Wiring,
    store::{AuthStateStore, Key},
};
use seams::Outcome;
use std::{sync::Arc, time::Duration};

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "new_code_resets_failures",
    title: "sending a new code forgets the failures before it",
    covers: &[18, 20],
    scenario: "guesser_across_failover",
    detected_by: "AttemptsLimited",
    bug: |_, _, wiring| Wiring {
        store: Arc::new(Twisted(Forgives {
            store: wiring.store,
            failures: wiring.directory.failures.clone(),
        })),
        ..wiring
    },
};

struct Forgives {
    store: Arc<dyn AuthStateStore>,
    failures: Arc<dyn FailureRepository>,
}

#[async_trait]
impl StoreTwist for Forgives {
    fn inner(&self) -> &Arc<dyn AuthStateStore> {
        &self.store
    }
    async fn put(&self, key: &Key, value: &[u8], ttl: Duration) -> Outcome<()> {
        self.store.put(key, value, ttl).await?;
        let record: Option<serde_json::Value> = serde_json::from_slice(value).ok();
        let address = record.as_ref().and_then(|record| record["address"].as_str());
        if let Some(address) = address.filter(|_| key.namespace == EMAIL_CODE) {
            let attempts = Key::new(LOGIN_ATTEMPTS, sha256_hex(address));
            let _ = self.store.take(&attempts).await?; // resets the count
            self.failures.clear_failures(address).await?;
        }
        Ok(())
    }
}
