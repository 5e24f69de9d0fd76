//! A refusal of Redis is read as "there is no such key" (inventory 25, 55).
//!
//! Seen in real systems: `.ok().flatten()` and `catch { return null }` around a read. While Redis is there and refuses,
//! people are told that their sign-in has expired, or that their code is wrong, and start again in vain.

use crate::{
    planted::twist::{StoreTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{
    replica::Wiring,
    store::{AuthStateStore, Key},
};
use seams::{Cause, Failure, Outcome};
use std::sync::Arc;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "refusal_read_as_absence",
    title: "what Redis refuses to say is taken for what is not there",
    covers: &[25],
    scenario: "redis_refuses",
    detected_by: "AnswersAllowed",
    bug: |_, _, wiring| Wiring {
        store: Arc::new(Twisted(ReadsRefusals(wiring.store))),
        ..wiring
    },
};

struct ReadsRefusals(Arc<dyn AuthStateStore>);

#[async_trait]
impl StoreTwist for ReadsRefusals {
    fn inner(&self) -> &Arc<dyn AuthStateStore> {
        &self.0
    }
    async fn get(&self, key: &Key) -> Outcome<Option<Vec<u8>>> {
        match self.0.get(key).await {
            Err(Failure::Fail(Cause::Refused(_))) => Ok(None),
            result => result,
        }
    }
}
