//! Mail: it arrives, and nobody waits for it.

mod fault;

pub use fault::Fault;

// Claims.
pub(crate) mod mail_arrives;

// Planted bugs.
pub(crate) mod mail_awaited;
pub(crate) mod outbox_loses_places;

// Stories.
pub(crate) mod mail_stalls;

use crate::vocabulary::{PlantedBug, Scenario};

/// The mistakes that this room's claims must detect, in the order of the reports' rows.
pub(crate) fn bugs() -> Vec<PlantedBug> {
    vec![mail_awaited::PLANTED, outbox_loses_places::PLANTED]
}

/// The stories of this room.
pub(crate) fn stories() -> Vec<Scenario> {
    vec![mail_stalls::mail_stalls()]
}
