//! The store of short-lived state: Redis, its replication and its failovers.

mod ops;

pub(crate) use ops::act;
pub use ops::{Behaviour, Op};

pub mod history;

// People and attackers.
pub(crate) mod replication;

// Properties.
pub(crate) mod keeps_nothing_for_strangers;
pub(crate) mod newest_master_asked;
pub(crate) mod no_local_success;
pub(crate) mod refusals_cost_nothing;
pub(crate) mod replication_catches_up;
pub(crate) mod unreachable;

// Planted bugs.
pub(crate) mod cached_master_address;
pub(crate) mod connects_patiently;
pub(crate) mod earlier_election_believed;
pub(crate) mod errors_known_by_their_words;
pub(crate) mod expired_until_swept;
pub(crate) mod first_sentinel_believed;
pub(crate) mod keys_without_namespaces;
pub(crate) mod master_pinned;
pub(crate) mod pool_leaks_slots;
pub(crate) mod reconnects_when_refused;
pub(crate) mod refusal_read_as_absence;
pub(crate) mod silent_fallback;
pub(crate) mod state_in_process_memory;
pub(crate) mod strangers_kept;
pub(crate) mod waits_by_spinning;

// Scenarios.
pub(crate) mod connections_close;
pub(crate) mod master_cut_off;
pub(crate) mod memory_store;
pub(crate) mod old_master_returns;
pub(crate) mod redis_gone;
pub(crate) mod redis_refuses;
pub(crate) mod redis_unreachable;
pub(crate) mod sentinel_without_quorum;
pub(crate) mod sentinels_divided;
pub(crate) mod sentinels_refuse;
pub(crate) mod store_blips;
pub(crate) mod store_flaps;

use crate::vocabulary::{PlantedBug, Scenario};

/// The planted bugs that the properties of this module must detect, in the order of the inventory's rows.
pub(crate) fn bugs() -> Vec<PlantedBug> {
    vec![
        keys_without_namespaces::PLANTED,
        state_in_process_memory::PLANTED,
        cached_master_address::PLANTED,
        first_sentinel_believed::PLANTED,
        earlier_election_believed::PLANTED,
        connects_patiently::PLANTED,
        pool_leaks_slots::PLANTED,
        master_pinned::PLANTED,
        silent_fallback::PLANTED,
        waits_by_spinning::PLANTED,
        refusal_read_as_absence::PLANTED,
        reconnects_when_refused::PLANTED,
        errors_known_by_their_words::PLANTED,
        expired_until_swept::PLANTED,
        strangers_kept::PLANTED,
    ]
}

/// The scenarios of this module.
pub(crate) fn stories() -> Vec<Scenario> {
    vec![
        old_master_returns::old_master_returns(),
        master_cut_off::master_cut_off(),
        redis_unreachable::redis_unreachable(),
        redis_gone::redis_gone(),
        redis_refuses::redis_refuses(),
        connections_close::connections_close(),
        sentinels_refuse::sentinels_refuse(),
        sentinel_without_quorum::sentinel_without_quorum(),
        sentinels_divided::sentinels_divided(),
        store_flaps::store_flaps(),
        store_blips::store_blips(),
        memory_store::memory_store(),
    ]
}
