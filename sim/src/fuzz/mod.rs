//! What reads bytes of strangers, each reader as a function of any bytes: it panics if the reader does, hangs, or breaks
//! a promise of its own.
//!
//! `fuzz/` hands these functions to a fuzzer; `tests/fuzz.rs` gives them the same corpus and a few thousand mutations of
//! it, on any toolchain. Whatever waits does so in virtual time, so that a hang is an error and not a matter of patience.

mod login;
mod redis;
mod sentinel;
mod stage;

/// A reader of bytes.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// As in `fuzz/corpus/NAME`.
    pub name: &'static str,
    /// Panics if anything is wrong.
    pub check: fn(&[u8]),
    /// How much longer than a parser one input takes, about.
    pub cost: usize,
}

/// All of them.
pub const TARGETS: &[Target] = &[
    target("redis_request", redis::request, 1),
    target("redis_reply", redis::reply, 1),
    target("redis_node", redis::node, 4),
    target("redis_link", redis::link, 40),
    target("sentinel", sentinel::conversation, 40),
    target("login_redis", login::redis, 40),
    target("login_sentinel", login::sentinel, 40),
    target("login_http", login::http, 80),
    target("login_form", login::form, 80),
];

const fn target(name: &'static str, check: fn(&[u8]), cost: usize) -> Target {
    Target { name, check, cost }
}

/// Longest input, bytes. What is beyond is left out: readers that keep what is not complete need as much memory as they
/// are sent.
const INPUT_MAX: usize = 4096;

/// Puts any bytes to the target of this name.
///
/// # Panics
/// A promise is broken, which is what it is for; or there is no such target.
pub fn check(name: &str, input: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name);
    let target = target.unwrap_or_else(|| panic!("there is no fuzz target {name}"));
    (target.check)(&input[..input.len().min(INPUT_MAX)]);
}
