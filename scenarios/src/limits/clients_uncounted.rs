//! Attempts and mails are counted at their address alone, and not where they come from (inventory 18, 20).
//!
//! Seen in this service: a single stranger used up what everybody has at an address.

use crate::{
    planted::twist::{StoreTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{
    limits::{CLIENT_ATTEMPTS, CLIENT_SENDS},
    replica::Wiring,
    store::{AuthStateStore, Key},
};
use seams::Outcome;
use std::{sync::Arc, time::Duration};

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "clients_uncounted",
    title: "limits do not ask where somebody comes from",
    covers: &[18, 20],
    scenario: "strangers_at_the_door",
    detected_by: "AnswersAllowed",
    bug: |_, _, wiring| Wiring {
        store: Arc::new(Twisted(CountsNoClient(wiring.store))),
        ..wiring
    },
};

struct CountsNoClient(Arc<dyn AuthStateStore>);

#[async_trait]
impl StoreTwist for CountsNoClient {
    fn inner(&self) -> &Arc<dyn AuthStateStore> {
        &self.0
    }
    async fn count(&self, key: &Key, window: Duration) -> Outcome<u64> {
        let counted = self.0.count(key, window).await?;
        let is_of_client = [CLIENT_ATTEMPTS, CLIENT_SENDS].contains(&key.namespace);
        Ok(if is_of_client { 1 } else { counted })
    }
}
