//! Logging in with a code that comes by mail.

mod ops;

pub(crate) use ops::act;
pub use ops::{Behaviour, Observation, Op};

// People and attackers.
pub(crate) mod impatient;
pub(crate) mod peek;

// Claims.
pub(crate) mod any_code_verifies;
pub(crate) mod email_code_once;
pub(crate) mod one_mail_per_window;

// Planted bugs.
pub(crate) mod code_of_address;
pub(crate) mod guard_in_the_browser;
pub(crate) mod latest_code_overwrites;

use crate::vocabulary::PlantedBug;

/// The mistakes that this room's claims must detect, in the order of the reports' rows.
pub(crate) fn bugs() -> Vec<PlantedBug> {
    vec![
        code_of_address::PLANTED,
        latest_code_overwrites::PLANTED,
        guard_in_the_browser::PLANTED,
    ]
}
