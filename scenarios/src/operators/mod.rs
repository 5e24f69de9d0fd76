//! The information that operators have: the log, and the references that people get with errors.

// Properties.
pub(crate) mod errors_explained;
pub(crate) mod no_secret_logged;

// Planted bugs.
pub(crate) mod error_detail_lost;
pub(crate) mod mailed_code_logged;
pub(crate) mod one_error_for_all;

use crate::vocabulary::PlantedBug;

/// The planted bugs that the properties of this module must detect, in the order of the inventory's rows.
pub(crate) fn bugs() -> Vec<PlantedBug> {
    vec![
        error_detail_lost::PLANTED,
        one_error_for_all::PLANTED,
        mailed_code_logged::PLANTED,
    ]
}
