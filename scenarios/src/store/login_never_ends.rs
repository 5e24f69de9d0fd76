//! A login in progress has no end (inventory 9, 22).
//!
//! Whoever gets at a page that was left open can finish the login of the person who left it, any number of hours later.

use crate::{
    planted::twist::{StoreTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{
    authorize::FLOW,
    replica::Wiring,
    store::{AuthStateStore, Key},
};
use seams::Outcome;
use std::{sync::Arc, time::Duration};

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "login_never_ends",
    title: "a login in progress has no end",
    covers: &[9, 22],
    scenario: "long_day",
    detected_by: "AnswersAllowed",
    bug: |_, _, wiring| Wiring {
        store: Arc::new(Twisted(ForGood(wiring.store))),
        ..wiring
    },
};

/// As good as for ever.
const FOR_GOOD: Duration = Duration::from_secs(30 * 24 * 3600);

struct ForGood(Arc<dyn AuthStateStore>);

#[async_trait]
impl StoreTwist for ForGood {
    fn inner(&self) -> &Arc<dyn AuthStateStore> {
        &self.0
    }
    async fn put(&self, key: &Key, value: &[u8], ttl: Duration) -> Outcome<()> {
        let ttl = match key.namespace {
            FLOW => FOR_GOOD,
            _ => ttl,
        };
        self.0.put(key, value, ttl).await
    }
}
