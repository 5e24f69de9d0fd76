//! Passwords and TLS between the service and what it depends on: nothing secret is said in clear, or to somebody else.

// Properties.
pub(crate) mod no_secret_in_clear;

// Planted bugs.
pub(crate) mod certificate_unchecked;
pub(crate) mod starttls_optional;

// Scenarios.
mod guarded_dependencies;

use crate::vocabulary::{PlantedBug, Scenario};

/// The planted bugs that the properties of this module must detect, in the order of the inventory's rows.
pub(crate) fn bugs() -> Vec<PlantedBug> {
    vec![starttls_optional::PLANTED, certificate_unchecked::PLANTED]
}

/// The scenarios of this module.
pub(crate) fn stories() -> Vec<Scenario> {
    vec![guarded_dependencies::guarded_dependencies()]
}
