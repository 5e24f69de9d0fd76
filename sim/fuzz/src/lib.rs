//! Fuzz targets for the models: what they read from clients, masters, replicas and other Sentinels, each reader as a
//! function of any bytes.
//!
//! `tests/short_run.rs` runs them on any toolchain; the folder `fuzz/` at the root runs them with cargo-fuzz. They are a
//! package of their own because two of them need hosts and a network, and the models do not depend on the simulation.

mod redis;
mod sentinel;

use sim::testbed::fuzz::Target;

/// All targets of the models.
pub const TARGETS: &[Target] = &[
    target("redis_request", redis::request, 1),
    target("redis_reply", redis::reply, 1),
    target("redis_node", redis::node, 4),
    target("redis_link", redis::link, 40),
    target("sentinel", sentinel::conversation, 40),
];

const fn target(name: &'static str, check: fn(&[u8]), cost: usize) -> Target {
    Target { name, check, cost }
}

/// Gives these bytes to the target of this name.
///
/// # Panics
/// The target found a defect, or there is no such target.
pub fn check(name: &str, input: &[u8]) {
    sim::testbed::fuzz::check(TARGETS, name, input);
}
