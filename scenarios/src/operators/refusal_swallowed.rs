//! Whatever a Sentinel answers, operators read that no Sentinel names a master (inventory 26, 56).
//!
//! What this service did itself until it was tried with Sentinels that ask for a password.

use crate::vocabulary::PlantedBug;
use async_trait::async_trait;
use idp::{
    replica::Wiring,
    store::{MasterFinder, RedisStore, SentinelFinder},
};
use seams::{Cause, Failure, Outcome};
use std::sync::Arc;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "refusal_swallowed",
    title: "the refusal of a Sentinel is reported as if it named no master",
    covers: &[26, 56],
    scenario: "sentinels_refuse",
    detected_by: "RefusalsNamed",
    bug: |env, config, wiring| match SentinelFinder::of(env, config) {
        Some(finder) => Wiring {
            store: Arc::new(RedisStore::of(env, config, Arc::new(Swallowing(finder)))),
            ..wiring
        },
        None => wiring,
    },
};

struct Swallowing(SentinelFinder);

#[async_trait]
impl MasterFinder for Swallowing {
    async fn find(&self) -> Outcome<(String, u16)> {
        self.0.find().await.map_err(|_| Failure::Fail(Cause::NoMaster))
    }
}
