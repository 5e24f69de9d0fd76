//! The analytics hook: whatever it does, no login notices.

mod ops;

pub use ops::{Fault, Observation};

// Claims.
pub(crate) mod analytics_arrive;

// Planted bugs.
pub(crate) mod hook_awaited;
pub(crate) mod hook_awaited_briefly;
pub(crate) mod hook_given_up;

// Stories.
pub(crate) mod analytics_hangs;

use crate::vocabulary::{PlantedBug, Scenario};

/// The mistakes that this room's claims must detect, in the order of the reports' rows.
pub(crate) fn bugs() -> Vec<PlantedBug> {
    vec![
        hook_awaited::PLANTED,
        hook_awaited_briefly::PLANTED,
        hook_given_up::PLANTED,
    ]
}

/// The stories of this room.
pub(crate) fn stories() -> Vec<Scenario> {
    vec![analytics_hangs::analytics_hangs()]
}
