//! What operators have to go by: the log, and the references that people get with an error.

// Claims.
pub(crate) mod errors_explained;
pub(crate) mod no_secret_logged;

// Planted bugs.
pub(crate) mod error_detail_lost;
pub(crate) mod mailed_code_logged;
pub(crate) mod one_error_for_all;

use crate::vocabulary::PlantedBug;

/// The mistakes that this room's claims must detect, in the order of the reports' rows.
pub(crate) fn bugs() -> Vec<PlantedBug> {
    vec![
        error_detail_lost::PLANTED,
        one_error_for_all::PLANTED,
        mailed_code_logged::PLANTED,
    ]
}
