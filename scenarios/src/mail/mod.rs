//! Mail: it arrives, and no page waits for it.

mod fault;

pub use fault::Fault;

// Properties.
pub(crate) mod mail_arrives;

// Planted bugs.
pub(crate) mod mail_awaited;
pub(crate) mod outbox_loses_places;

// Scenarios.
pub(crate) mod mail_stalls;

use crate::vocabulary::{PlantedBug, Scenario};

/// The planted bugs that the properties of this module must detect, in the order of the inventory's rows.
pub(crate) fn bugs() -> Vec<PlantedBug> {
    vec![mail_awaited::PLANTED, outbox_loses_places::PLANTED]
}

/// The scenarios of this module.
pub(crate) fn stories() -> Vec<Scenario> {
    vec![mail_stalls::mail_stalls()]
}
