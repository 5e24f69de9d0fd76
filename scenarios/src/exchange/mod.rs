//! Every HTTP exchange that people, relying parties and attackers have with the service, as they saw it: the history has
//! each request and each answer, secrets as tags. The specification judges them all.

mod commands;
mod facts;
mod forgetting;
mod observe;
mod ops;
mod refusals;
#[cfg(test)]
mod tests;
mod troubles;

// Claims.
mod answers_allowed;

// Planted bugs.
mod consent_for_granted;
mod hint_forgotten;
mod name_is_address;

pub(crate) use answers_allowed::judge_in;
pub use answers_allowed::{AnswersAllowed, judge};
pub(crate) use facts::world;
pub(crate) use observe::{Asking, ask, read_mail};
pub use ops::Observation;
pub(crate) use troubles::{touches, troubles, troubles_but_for};

use crate::vocabulary::PlantedBug;

/// How long after a repair it may take until all is as before, milliseconds: replicas come back to each other, connections
/// are made anew, clients of a dead master look for the new one.
pub(crate) const SETTLES_MS: u64 = 15_000;

/// The mistakes that the specification must detect.
pub(crate) fn bugs() -> Vec<PlantedBug> {
    vec![
        name_is_address::PLANTED,
        hint_forgotten::PLANTED,
        consent_for_granted::PLANTED,
    ]
}
