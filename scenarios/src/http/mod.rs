//! Between the balancer and a replica: answers that the balancer takes for failures, and clients that leave before they are
//! answered.

mod ops;

pub(crate) use ops::act;
pub use ops::{Behaviour, Head, Observation};

// People and attackers.
mod dribble;
pub(crate) mod haste;
mod strangers;

// Properties.
pub(crate) mod nobody_harmed;

// Planted bugs.
pub(crate) mod heads_without_bound;
pub(crate) mod request_dropped;

// Scenarios.
pub(crate) mod clients_leave;
mod heads_dribble;
pub(crate) mod large_heads;

use crate::vocabulary::{PlantedBug, Scenario};

/// The planted bugs that the properties of this module must detect, in the order of the inventory's rows.
pub(crate) fn bugs() -> Vec<PlantedBug> {
    vec![request_dropped::PLANTED, heads_without_bound::PLANTED]
}

/// The scenarios of this module.
pub(crate) fn stories() -> Vec<Scenario> {
    vec![
        large_heads::large_heads(),
        heads_dribble::heads_dribble(),
        clients_leave::clients_leave(),
    ]
}
