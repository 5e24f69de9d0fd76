//! Limits of attempts and of mails, over all replicas, attackers who try to get round them, and operators who unlock addresses.

mod ops;

pub(crate) use desk::NOBODY;
pub(crate) use ops::act;
pub use ops::{Behaviour, Observation, Op};

// People, attackers and operators.
pub(crate) mod browsers;
pub(crate) mod crawler;
mod desk;
pub(crate) mod flooder;
pub(crate) mod guesser;
pub(crate) mod sprayer;

// Properties.
pub(crate) mod attempts_limited;
pub(crate) mod limits_let_in;
pub(crate) mod sends_limited;

// Planted bugs.
pub(crate) mod clients_uncounted;
pub(crate) mod every_press_counted;
pub(crate) mod header_of_client_believed;
pub(crate) mod judged_before_counted;
pub(crate) mod known_for_everybody;
pub(crate) mod limiter_per_replica;
pub(crate) mod lock_remembered;
pub(crate) mod lockout_in_redis;
pub(crate) mod lockout_one_late;
pub(crate) mod new_code_resets_failures;
pub(crate) mod owner_is_a_stranger;
pub(crate) mod window_in_minutes;
pub(crate) mod window_in_wrong_unit;
pub(crate) mod window_rearmed;

// Scenarios.
pub(crate) mod failures_in_a_row;
pub(crate) mod guesser_across_failover;
pub(crate) mod known_browsers;
pub(crate) mod one_wrong_code;
pub(crate) mod spraying;
pub(crate) mod strangers_at_the_door;
pub(crate) mod unlocked_by_operators;

use crate::vocabulary::{PlantedBug, Scenario};

/// The planted bugs that the properties of this module must detect, in the order of the inventory's rows.
pub(crate) fn bugs() -> Vec<PlantedBug> {
    vec![
        limiter_per_replica::PLANTED,
        new_code_resets_failures::PLANTED,
        window_in_wrong_unit::PLANTED,
        window_in_minutes::PLANTED,
        window_rearmed::PLANTED,
        lockout_in_redis::PLANTED,
        lockout_one_late::PLANTED,
        lock_remembered::PLANTED,
        every_press_counted::PLANTED,
        judged_before_counted::PLANTED,
        clients_uncounted::PLANTED,
        header_of_client_believed::PLANTED,
        owner_is_a_stranger::PLANTED,
        known_for_everybody::PLANTED,
    ]
}

/// The scenarios of this module.
pub(crate) fn stories() -> Vec<Scenario> {
    vec![
        guesser_across_failover::guesser_across_failover(),
        one_wrong_code::one_wrong_code(),
        failures_in_a_row::failures_in_a_row(),
        strangers_at_the_door::strangers_at_the_door(),
        known_browsers::known_browsers(),
        unlocked_by_operators::unlocked_by_operators(),
        spraying::spraying(),
    ]
}
