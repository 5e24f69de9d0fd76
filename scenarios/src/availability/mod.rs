//! The service as a whole: people can log in, at every replica, within a budget of time.

mod ops;

pub(crate) use health_answers::{HealthAnswer, health_answers};
pub use ops::Behaviour;
pub(crate) use ops::act;

// People and attackers.
pub(crate) mod monitor;
pub(crate) mod probe;

// Properties.
pub(crate) mod contested;
pub(crate) mod degraded_is_reported;
pub(crate) mod every_replica_serves;
pub(crate) mod everyone_can_log_in;
pub(crate) mod goes_on_without_store;
mod health_answers;
pub(crate) mod health_tells;
pub(crate) mod latency_budget;
pub(crate) mod nothing_fails;
mod ok_means_open;
pub(crate) mod port_stays_open;
pub(crate) mod ports_do_not_flap;
pub(crate) mod stops_in_order;

// Planted bugs.
pub(crate) mod accounts_end_with_the_store;
pub(crate) mod degraded_for_good;
pub(crate) mod full_disk_closes_ports;
pub(crate) mod health_always_fine;
pub(crate) mod health_asked_often;
pub(crate) mod health_blames_the_store;
pub(crate) mod health_only_reads;
pub(crate) mod key_per_replica;
pub(crate) mod lease_kept_at_stop;
pub(crate) mod one_success_opens;
pub(crate) mod outbox_dropped_at_stop;
pub(crate) mod port_closed_too_early;
pub(crate) mod stops_at_once;

// Scenarios.
pub(crate) mod calm_day;
pub(crate) mod descriptors_run_out;
pub(crate) mod one_login;
mod quiet_after_trouble;
pub(crate) mod replica_dies_mid_flow;
pub(crate) mod rolling_restart;
mod stops_in_vain;
mod stops_while_paused;

use crate::vocabulary::{PlantedBug, Scenario};

/// The planted bugs that the properties of this module must detect, in the order of the inventory's rows.
pub(crate) fn bugs() -> Vec<PlantedBug> {
    vec![
        health_always_fine::PLANTED,
        degraded_for_good::PLANTED,
        key_per_replica::PLANTED,
        health_asked_often::PLANTED,
        health_blames_the_store::PLANTED,
        health_only_reads::PLANTED,
        port_closed_too_early::PLANTED,
        one_success_opens::PLANTED,
        full_disk_closes_ports::PLANTED,
        accounts_end_with_the_store::PLANTED,
        stops_at_once::PLANTED,
        outbox_dropped_at_stop::PLANTED,
        lease_kept_at_stop::PLANTED,
    ]
}

/// The scenarios of this module.
pub(crate) fn stories() -> Vec<Scenario> {
    vec![
        calm_day::calm_day(),
        replica_dies_mid_flow::replica_dies_mid_flow(),
        rolling_restart::rolling_restart(),
        stops_in_vain::stops_in_vain(),
        stops_while_paused::stops_while_paused(),
        quiet_after_trouble::quiet_after_trouble(),
        one_login::one_login(),
        descriptors_run_out::descriptors_run_out(),
    ]
}
