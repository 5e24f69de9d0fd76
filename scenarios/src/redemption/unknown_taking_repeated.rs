//! A GETDEL of unknown outcome is repeated, as redis-rs advises for a time-out (inventory 23).
//!
//! 1. GETDEL takes the code, and its answer is lost.
//! 2. The replica asks again, and the code is not there.
//! 3. The replica assumes that somebody else was first, and refuses the rightful owner, who presents the code for the
//!    first time.
//!
//! Nobody is harmed for long, so the bug is only seen if exactly this call fails.

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
use seams::{Failure, Outcome};
use std::sync::Arc;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "unknown_taking_repeated",
    title: "a code whose taking has an unknown outcome is taken again",
    covers: &[23],
    scenario: "calls_interleave",
    detected_by: "RightfulCodeHonoured",
    bug: |_, _, wiring| Wiring {
        store: Arc::new(Twisted(TakesAgain(wiring.store))),
        ..wiring
    },
};

struct TakesAgain(Arc<dyn AuthStateStore>);

#[async_trait]
impl StoreTwist for TakesAgain {
    fn inner(&self) -> &Arc<dyn AuthStateStore> {
        &self.0
    }
    async fn take(&self, key: &Key) -> Outcome<Option<Vec<u8>>> {
        match self.0.take(key).await {
            Err(Failure::Unknown(_)) if key.namespace == CODE => self.0.take(key).await,
            result => result,
        }
    }
}
