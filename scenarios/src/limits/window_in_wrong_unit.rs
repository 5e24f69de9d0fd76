//! The limiters' windows are given in seconds to a command that expects milliseconds (inventory 20, 24).
//!
//! Seen in real systems: EXPIRE confused with PEXPIRE in rate limiters (tj/node-ratelimiter#11, express-gateway#874).
//! Every counter has expired before the next attempt.

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
    name: "window_in_wrong_unit",
    title: "a window of so many seconds lasts so many milliseconds",
    covers: &[20, 24],
    scenario: "guesser_across_failover",
    detected_by: "SendsLimited",
    bug: |_, _, wiring| Wiring {
        store: Arc::new(Twisted(SecondsAsMilliseconds(wiring.store))),
        ..wiring
    },
};

struct SecondsAsMilliseconds(Arc<dyn AuthStateStore>);

#[async_trait]
impl StoreTwist for SecondsAsMilliseconds {
    fn inner(&self) -> &Arc<dyn AuthStateStore> {
        &self.0
    }
    async fn count(&self, key: &Key, window: Duration) -> Outcome<u64> {
        self.0.count(key, Duration::from_millis(window.as_secs())).await
    }
}
