//! A model of Redis Sentinel 7.0.15: a server over [`seams::Env`] that watches one master. Each Sentinel decides from its own
//! observations, exchanges hellos, votes once per epoch, and performs a failover with the events in the measured order.
//!
//! Deliberately absent: several masters, host names, scripts, users other than the default one and its password, SENTINEL SET,
//! MONITOR and REMOVE.

mod auth;
mod commands;
mod config;
mod failover;
#[cfg(test)]
mod golden;
mod gossip;
mod instance;
mod links;
mod server;
mod state;
mod table;
mod votes;

pub use config::{Passwords, SentinelConfig, SentinelDisk};
pub use server::serve;

/// Channel on which Sentinels find one another.
const HELLO_CHANNEL: &str = "__sentinel__:hello";

// sentinel.c 7.0, all in milliseconds.
const PING_MS: u64 = 1000;
const INFO_MS: u64 = 10_000;
const HELLO_MS: u64 = 2000;
const ASK_MS: u64 = 1000;
const TILT_TRIGGER_MS: i64 = 2000;
const TILT_MS: u64 = 30_000;
const DESYNC_MS: u64 = 1000;
const ELECTION_MS: u64 = 10_000;
const RECONFIGURATION_MS: u64 = 10_000;
/// Links younger than this are not replaced, even if no reply comes.
const STALE_LINK_MS: u64 = 15_000;

/// Compiles the example in the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
