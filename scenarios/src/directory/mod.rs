//! The directory and its disk.

mod fault;

pub use fault::Fault;

// Claims.
pub(crate) mod stalls_bounded;

// Planted bugs.
pub(crate) mod lock_across_await;

// Stories.
pub(crate) mod slow_disk;

use crate::vocabulary::{PlantedBug, Scenario};

/// The mistakes that this room's claims must detect, in the order of the reports' rows.
pub(crate) fn bugs() -> Vec<PlantedBug> {
    vec![lock_across_await::PLANTED]
}

/// The stories of this room.
pub(crate) fn stories() -> Vec<Scenario> {
    vec![slow_disk::slow_disk()]
}
