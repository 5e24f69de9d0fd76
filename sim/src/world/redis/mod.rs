//! A Redis 7.0.15 node as a real server over [`idp::seams::Env`]: strings, expiry, transactions,
//! publish and subscribe, replication. What failovers take back emerges from it and is not scripted.
//!
//! Deliberately absent: other data types, scripts, ACLs, databases beyond 0, RDB files (a full
//! resynchronisation carries an encoding of its own), diskless delay, output buffer limits. Some of
//! Redis's chatter is there because offsets depend on it.

mod backlog;
mod command;
mod config;
mod data;
mod dataset;
mod disk;
mod info;
mod link;
mod node;
mod replication;
pub mod resp;
mod server;
mod session;

pub use config::{Moment, PersistenceMode, RedisConfig, RedisEvent};
pub use disk::Disk;
pub use node::{ClientId, Node, unknown_command, wrong_arity};
pub use replication::{LinkState, Role};
pub use server::serve;
pub(crate) use server::sleep_until;
