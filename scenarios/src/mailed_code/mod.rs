//! Login with a code that is sent by mail.

mod ops;

pub(crate) use ops::act;
pub use ops::{Behaviour, Observation, Op};

// People and attackers.
pub(crate) mod impatient;
pub(crate) mod mistype;
pub(crate) mod peek;

// Properties.
pub(crate) mod any_code_verifies;
pub(crate) mod email_code_once;
pub(crate) mod existence_takes_no_time;
pub(crate) mod one_mail_per_window;
pub(crate) mod right_codes_admitted;

// Planted bugs.
pub(crate) mod code_of_address;
pub(crate) mod guard_in_the_browser;
pub(crate) mod last_mail_noted;
pub(crate) mod latest_code_overwrites;
pub(crate) mod lost_code_untold;
pub(crate) mod note_runs_out;

// Scenarios.
pub(crate) mod does_anybody_have_it;
pub(crate) mod twins_wait_in_vain;

use crate::vocabulary::{PlantedBug, Scenario};

/// The planted bugs that the properties of this module must detect, in the order of the inventory's rows.
pub(crate) fn bugs() -> Vec<PlantedBug> {
    vec![
        code_of_address::PLANTED,
        latest_code_overwrites::PLANTED,
        lost_code_untold::PLANTED,
        note_runs_out::PLANTED,
        guard_in_the_browser::PLANTED,
        last_mail_noted::PLANTED,
    ]
}

/// The scenarios of this module.
pub(crate) fn stories() -> Vec<Scenario> {
    vec![
        twins_wait_in_vain::twins_wait_in_vain(),
        does_anybody_have_it::does_anybody_have_it(),
    ]
}
