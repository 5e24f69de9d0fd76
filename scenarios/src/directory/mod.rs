//! The directory and its disk.

mod fault;

pub use fault::Fault;

// Properties.
pub(crate) mod stalls_bounded;

// Planted bugs.
pub(crate) mod directory_not_synced;
pub(crate) mod lock_across_await;

// Scenarios.
pub(crate) mod directory_loses_power;
pub(crate) mod slow_disk;

use crate::vocabulary::{PlantedBug, Scenario};

/// The planted bugs that the properties of this module must detect, in the order of the inventory's rows.
pub(crate) fn bugs() -> Vec<PlantedBug> {
    vec![directory_not_synced::PLANTED, lock_across_await::PLANTED]
}

/// The scenarios of this module.
pub(crate) fn stories() -> Vec<Scenario> {
    vec![slow_disk::slow_disk(), directory_loses_power::directory_loses_power()]
}
