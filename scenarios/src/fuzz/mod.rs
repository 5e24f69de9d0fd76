//! Fuzz targets for the login service: the code that reads from Redis, from Sentinels and from HTTP clients, each as a
//! function of arbitrary bytes. The models' targets are in `sim/fuzz`.

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

/// Passes these bytes to the target of this name.
///
/// # Panics
/// The target found a defect, or there is no such target.
pub fn check(name: &str, input: &[u8]) {
    sim::testbed::fuzz::check(TARGETS, name, input);
}
