//! Connecting to Redis has a deadline in the wrong unit (inventory 25, 39): a minute for a second.
//!
//! Seen in real systems: a client's default of a minute, or of no end. Requests give up by their own deadline, and nothing
//! else finds out: the next node is not tried, and whoever comes later joins those who wait.

use crate::vocabulary::PlantedBug;
use idp::{
    replica::Wiring,
    store::{RedisStore, SentinelFinder},
};
use std::sync::Arc;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "connects_patiently",
    title: "a replica that connects to Redis waits sixty times as long as documented",
    covers: &[25, 39],
    scenario: "redis_unreachable",
    detected_by: "CallsInTime",
    bug: |env, config, wiring| match SentinelFinder::of(env, config) {
        Some(finder) => {
            let mut patient = config.clone();
            patient.deadlines.connect *= 60;
            Wiring {
                store: Arc::new(RedisStore::of(env, &patient, Arc::new(finder))),
                ..wiring
            }
        }
        None => wiring,
    },
};
