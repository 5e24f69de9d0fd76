//! The master's address is looked up once and cached forever (inventory 39).
//!
//! After a failover the replica goes on asking the old master, which is down at first, and later is a replica that
//! answers READONLY.

use crate::vocabulary::PlantedBug;
use async_trait::async_trait;
use idp::{
    replica::Wiring,
    store::{MasterFinder, RedisStore, SentinelFinder},
};
use seams::Outcome;
use std::sync::{Arc, Mutex};

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "cached_master_address",
    title: "the master's address is asked for once and never again",
    covers: &[39],
    scenario: "old_master_returns",
    detected_by: "EveryoneCanLogIn",
    bug: |env, config, wiring| match SentinelFinder::of(env, config) {
        Some(finder) => {
            let found = Mutex::default();
            Wiring {
                store: Arc::new(RedisStore::of(env, config, Arc::new(Cached { finder, found }))),
                ..wiring
            }
        }
        None => wiring,
    },
};

struct Cached {
    finder: SentinelFinder,
    found: Mutex<Option<(String, u16)>>,
}

#[async_trait]
impl MasterFinder for Cached {
    async fn find(&self) -> Outcome<(String, u16)> {
        let found = self.found.lock().expect("nobody panics while holding it").clone();
        if let Some(found) = found {
            return Ok(found);
        }
        let found = self.finder.find().await?;
        *self.found.lock().expect("nobody panics while holding it") = Some(found.clone());
        Ok(found)
    }
}
