//! A Sentinel 7.0.15 as a real server over [`seams::Env`], watching one master: independent
//! verdicts, gossip, votes by epoch, failover in the order of events that was measured.
//!
//! Deliberately absent: several masters, host names, scripts, ACLs, SENTINEL SET and the like.

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
mod votes;

pub use config::{SentinelConfig, SentinelDisk};
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
/// Links younger than this are not replaced, however silent.
const STALE_LINK_MS: u64 = 15_000;
