//! Sessions: people who are logged in stay so.

mod ops;

pub(crate) use ops::act;
pub use ops::{Behaviour, Observation, Op};

// People and attackers.
pub(crate) mod logged_in;

// Properties.
pub(crate) mod sessions_survive;

// Planted bugs.
pub(crate) mod session_deleted_on_error;
pub(crate) mod session_not_ended;
pub(crate) mod session_outlives_its_cookie;
pub(crate) mod sessions_of_this_process;

// Scenarios.
pub(crate) mod session_survives;

use crate::vocabulary::{PlantedBug, Scenario};

/// The planted bugs that the properties of this module must detect, in the order of the inventory's rows.
pub(crate) fn bugs() -> Vec<PlantedBug> {
    vec![
        session_deleted_on_error::PLANTED,
        sessions_of_this_process::PLANTED,
        session_outlives_its_cookie::PLANTED,
        session_not_ended::PLANTED,
    ]
}

/// The scenarios of this module.
pub(crate) fn stories() -> Vec<Scenario> {
    vec![session_survives::session_survives()]
}
