//! Sessions: people who are logged in stay so.

mod ops;

pub(crate) use ops::act;
pub use ops::{Behaviour, Observation, Op};

// People and attackers.
pub(crate) mod again;
pub(crate) mod logged_in;
mod uses_accounts;

// Properties.
pub(crate) mod sessions_survive;

// Planted bugs.
pub(crate) mod old_session_ends_at_once;
pub(crate) mod old_session_lives_on;
pub(crate) mod session_deleted_on_error;
pub(crate) mod session_not_ended;
pub(crate) mod session_outlives_its_cookie;
pub(crate) mod sessions_of_this_process;
pub(crate) mod tokens_outlive_logout;

// Scenarios.
pub(crate) mod logs_in_again;
pub(crate) mod session_survives;

use crate::vocabulary::{PlantedBug, Scenario};

/// The planted bugs that the properties of this module must detect, in the order of the inventory's rows.
pub(crate) fn bugs() -> Vec<PlantedBug> {
    vec![
        session_deleted_on_error::PLANTED,
        sessions_of_this_process::PLANTED,
        session_outlives_its_cookie::PLANTED,
        session_not_ended::PLANTED,
        old_session_lives_on::PLANTED,
        old_session_ends_at_once::PLANTED,
        tokens_outlive_logout::PLANTED,
    ]
}

/// The scenarios of this module.
pub(crate) fn stories() -> Vec<Scenario> {
    vec![session_survives::session_survives(), logs_in_again::logs_in_again()]
}
