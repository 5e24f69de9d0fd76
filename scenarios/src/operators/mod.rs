//! The information that operators have: the log, and the references that people get with errors.

// Properties.
mod blame;
mod deadlines_told;
pub(crate) mod errors_explained;
pub(crate) mod failures_end_at_once;
pub(crate) mod failures_logged;
mod leader_told;
mod lines_missing;
pub(crate) mod log_as_documented;
pub(crate) mod no_secret_logged;
mod parts_told;
pub(crate) mod refusals_named;

// Planted bugs.
pub(crate) mod deadline_of_nobody;
pub(crate) mod error_detail_lost;
pub(crate) mod every_try_logged;
pub(crate) mod failures_swallowed;
pub(crate) mod mailed_code_kept;
pub(crate) mod mailed_code_logged;
pub(crate) mod note_left_behind;
pub(crate) mod one_error_for_all;
pub(crate) mod refusal_swallowed;

// Scenarios.
mod calls_fail;
mod calls_fail_twice;

use crate::vocabulary::{PlantedBug, Scenario};

/// The scenarios of this module.
pub(crate) fn stories() -> Vec<Scenario> {
    vec![calls_fail::calls_fail(), calls_fail_twice::calls_fail_twice()]
}

/// The planted bugs that the properties of this module must detect, in the order of the inventory's rows.
pub(crate) fn bugs() -> Vec<PlantedBug> {
    vec![
        error_detail_lost::PLANTED,
        one_error_for_all::PLANTED,
        mailed_code_logged::PLANTED,
        mailed_code_kept::PLANTED,
        failures_swallowed::PLANTED,
        every_try_logged::PLANTED,
        deadline_of_nobody::PLANTED,
        refusal_swallowed::PLANTED,
        note_left_behind::PLANTED,
    ]
}
