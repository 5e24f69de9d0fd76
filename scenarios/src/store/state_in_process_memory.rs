//! Short-lived state lives in the memory of the process that made it (inventory 6, 7, 9).
//!
//! Seen in the first incident report: one process held every login in a dictionary, so each restart lost them all, and
//! a second process could not share the work.

use crate::vocabulary::PlantedBug;
use idp::{replica::Wiring, store::MemoryStore};
use std::sync::Arc;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "state_in_process_memory",
    title: "each replica keeps logins, codes and counters in its own memory",
    covers: &[6, 7, 9],
    scenario: "replica_dies_mid_flow",
    detected_by: "EveryoneCanLogIn",
    bug: |env, _, wiring| Wiring {
        store: Arc::new(MemoryStore::new(env.clock.clone())),
        ..wiring
    },
};
