//! The leader of the background jobs, and the reminders that it sends.

mod ops;

pub use ops::Observation;

// Properties.
pub(crate) mod reminders_arrive;
pub(crate) mod reminders_once;

// Planted bugs.
pub(crate) mod epoch_not_watched;
pub(crate) mod lease_without_end;
pub(crate) mod local_time_for_utc;
pub(crate) mod unfenced_leader;

// Scenarios.
pub(crate) mod leader_pauses;
pub(crate) mod old_master_grants;
pub(crate) mod one_reminder;

use crate::vocabulary::{PlantedBug, Scenario};

/// The planted bugs that the properties of this module must detect, in the order of the inventory's rows.
pub(crate) fn bugs() -> Vec<PlantedBug> {
    vec![
        unfenced_leader::PLANTED,
        lease_without_end::PLANTED,
        epoch_not_watched::PLANTED,
        local_time_for_utc::PLANTED,
    ]
}

/// The scenarios of this module.
pub(crate) fn stories() -> Vec<Scenario> {
    vec![
        leader_pauses::leader_pauses(),
        old_master_grants::old_master_grants(),
        one_reminder::one_reminder(),
    ]
}
