//! Every attempt restarts the window of its counter (inventory 18, 24).
//!
//! Seen in real systems: alisaifee/limits#28, xevix/grape-throttle#5 (INCR, then EXPIRE, each time). The count then
//! never expires, even if attempts are slower than the limit, and an attacker who tries now and then locks the owner
//! out forever.

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
use std::{sync::Arc, time::Duration};

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "window_rearmed",
    title: "every attempt gives its counter a whole window of life again",
    covers: &[18, 24],
    scenario: "guesser_across_failover",
    detected_by: "LimitsLetIn",
    bug: |_, _, wiring| Wiring {
        store: Arc::new(Twisted(Rearmed(wiring.store))),
        ..wiring
    },
};

struct Rearmed(Arc<dyn AuthStateStore>);

#[async_trait]
impl StoreTwist for Rearmed {
    fn inner(&self) -> &Arc<dyn AuthStateStore> {
        &self.0
    }
    async fn count(&self, key: &Key, window: Duration) -> Outcome<u64> {
        let count = self.0.count(key, window).await?;
        // Renews the counter if it still has this count: the equivalent of EXPIRE, which this store does not have.
        self.0.renew(key, count.to_string().as_bytes(), window).await?;
        Ok(count)
    }
}
