//! Fuzz targets for the login service: what it reads from Redis, from Sentinels and from anybody over HTTP, each reader as
//! a function of any bytes. The models' targets are in `sim/fuzz`.

mod http;
mod store;

use sim::testbed::fuzz::Target;

/// All targets of the login service.
pub const TARGETS: &[Target] = &[
    target("login_redis", store::redis, 40),
    target("login_sentinel", store::sentinel, 40),
    target("login_http", http::http, 80),
    target("login_form", http::form, 80),
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
