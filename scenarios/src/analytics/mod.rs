//! The analytics hook: whatever it does, no login is affected.

mod ops;

pub use ops::{Fault, Observation};

// Properties.
pub(crate) mod analytics_arrive;
pub(crate) mod events_counted;

// Planted bugs.
pub(crate) mod event_told_twice;
pub(crate) mod event_without_person;
pub(crate) mod hook_awaited;
pub(crate) mod hook_awaited_briefly;
pub(crate) mod hook_given_up;
pub(crate) mod hook_trouble_untold;
pub(crate) mod losses_uncounted;

// Scenarios.
pub(crate) mod analytics_hangs;
pub(crate) mod events_at_a_stop;
pub(crate) mod hook_hangs_long;

use crate::vocabulary::{PlantedBug, Scenario};

/// The planted bugs that the properties of this module must detect, in the order of the inventory's rows.
pub(crate) fn bugs() -> Vec<PlantedBug> {
    vec![
        hook_awaited::PLANTED,
        hook_awaited_briefly::PLANTED,
        hook_given_up::PLANTED,
        event_without_person::PLANTED,
        event_told_twice::PLANTED,
        losses_uncounted::PLANTED,
        hook_trouble_untold::PLANTED,
    ]
}

/// The scenarios of this module.
pub(crate) fn stories() -> Vec<Scenario> {
    vec![
        analytics_hangs::analytics_hangs(),
        hook_hangs_long::hook_hangs_long(),
        events_at_a_stop::events_at_a_stop(),
    ]
}
