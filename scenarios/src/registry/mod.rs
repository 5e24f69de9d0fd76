//! What operators register: the people who may log in, and the clients.

mod candidates;
mod command;
mod desk;
mod ops;

pub use command::{Answer, App, Command, Person};
pub(crate) use desk::open_in_use;
pub(crate) use ops::act;
pub use ops::{Behaviour, Observation};

// Properties.
pub(crate) mod registry_as_told;

// Planted bugs.
pub(crate) mod demo_in_production;

// Scenarios.
pub(crate) mod operators_at_work;

use crate::vocabulary::{PlantedBug, Scenario};

/// The planted bugs that the properties of this module must detect, in the order of the inventory's rows.
pub(crate) fn bugs() -> Vec<PlantedBug> {
    vec![demo_in_production::PLANTED]
}

/// The scenarios of this module.
pub(crate) fn stories() -> Vec<Scenario> {
    vec![operators_at_work::operators_at_work()]
}
