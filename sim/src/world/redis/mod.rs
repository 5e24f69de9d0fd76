//! A Redis 7.0.15 node as a real server over [`idp::seams::Env`]: strings, expiry, transactions,
//! publish and subscribe, replication. What failovers take back emerges from it and is not scripted.
//!
//! Deliberately absent: other data types, scripts, ACLs, databases beyond 0, RDB files (a full
//! resynchronisation carries an encoding of its own), diskless delay, output buffer limits. Some of
//! Redis's chatter is there because offsets depend on it.

mod alone;
mod backlog;
mod client;
mod command;
mod config;
mod data;
mod dataset;
mod disk;
mod dispatch;
mod expiry;
#[cfg(test)]
mod golden;
mod info;
mod link;
mod master;
mod node;
mod replica;
mod replication;
pub(crate) mod resp;
mod server;
mod session;

pub use alone::Alone;
pub(crate) use config::Moment;
pub use config::{PersistenceMode, RedisConfig, RedisEvent};
pub use disk::Disk;
pub(crate) use dispatch::{unknown_command, wrong_arity};

pub use server::serve;
pub(crate) use server::sleep_until;
