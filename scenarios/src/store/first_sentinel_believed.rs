//! The first Sentinel that answers is believed, and as long as the master that it named answers, nobody is asked again
//! (inventory 37, 39).
//!
//! What this service did itself, and what the clients' guide of Redis Sentinel recommends: a master that was cut off from the
//! Sentinels, and not from its clients, keeps them until it is told that it was replaced.

use crate::vocabulary::PlantedBug;
use async_trait::async_trait;
use idp::{
    config::{Config, StateConfig},
    replica::Wiring,
    store::{MasterFinder, RedisStore, SentinelFinder},
};
use seams::{Cause, Env, Failure, Outcome};
use std::sync::Arc;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "first_sentinel_believed",
    title: "the first Sentinel that answers is believed, and never asked again",
    covers: &[37, 39],
    scenario: "master_cut_off",
    detected_by: "AnswersAllowed",
    bug: believing_the_first,
};

/// A replica that asks its Sentinels one after the other, until one of them names a master.
pub(super) fn believing_the_first(env: &Env, config: &mut Config, wiring: Wiring) -> Wiring {
    match one_by_one(env, config) {
        Some(finder) => Wiring {
            store: Arc::new(RedisStore::of(env, config, Arc::new(finder))),
            ..wiring
        },
        None => wiring,
    }
}

/// A finder for each Sentinel.
struct OneByOne(Vec<SentinelFinder>);

fn one_by_one(env: &Env, config: &Config) -> Option<OneByOne> {
    let StateConfig::Sentinel { sentinels, .. } = &config.state else {
        return None;
    };
    let alone = |sentinel: &(String, u16)| {
        let mut config = config.clone();
        if let StateConfig::Sentinel { sentinels, .. } = &mut config.state {
            *sentinels = vec![sentinel.clone()];
        }
        SentinelFinder::of(env, &config)
    };
    sentinels.iter().map(alone).collect::<Option<_>>().map(OneByOne)
}

#[async_trait]
impl MasterFinder for OneByOne {
    async fn find(&self) -> Outcome<(String, u16)> {
        for sentinel in &self.0 {
            if let Ok(master) = sentinel.find().await {
                return Ok(master);
            }
        }
        Err(Failure::Fail(Cause::NoMaster))
    }
}
