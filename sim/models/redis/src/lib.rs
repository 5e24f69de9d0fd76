//! A Redis 7.0.15 node as a real server over [`seams::Env`]: all commands on strings, lists, hashes, sets and
//! sorted sets, expiry, sixteen databases, transactions, scripts (`script`), blocking pops (`pops`, `blocking`), publish
//! and subscribe, users and rules (`acl`), eviction (`eviction`), replication, snapshots and the append-only file. Which
//! writes a failover or a restart loses follows from it and is not scripted. Replies and effects are compared, command by
//! command, with those of the real server (`vectors`, `golden`, and the package `conformance`).
//!
//! The README lists what is absent. Also absent: the selected database of the stream in a full resynchronisation from a
//! replica (only database 0 survives a chain). PING, SELECT and REPLCONF GETACK in the replication stream are there because
//! offsets depend on them.

mod acl;
mod acl_rules;
mod backlog;
mod basics;
mod blocking;
mod client;
mod clients;
mod command;
mod config;
mod databases;
mod dataset;
mod disk;
mod dispatch;
mod eviction;
mod expiry;
mod glob;
#[cfg(test)]
mod golden;
mod hashes;
mod info;
mod introspection;
mod keys;
mod keyspace;
mod lcs;
#[cfg(test)]
mod limits;
mod link;
mod lists;
mod long_double;
mod master;
mod node;
mod number;
mod options;
mod persistence;
mod pops;
mod pubsub;
mod random_choice;
mod replica;
mod replication;
mod request;
pub mod resp;
mod scan;
mod script;
mod server;
mod session;
mod sets;
mod settings;
mod shared;
mod standalone;
mod stats;
mod strings;
mod table;
mod transaction;
mod value;
#[cfg(test)]
mod vectors;
mod zalgebra;
mod zrange;
mod zset;
mod zsets;

pub use config::Moment;
pub use config::{PersistenceMode, REPLICATION_LATE_PPM, RedisConfig, RedisEvent};
pub use disk::Disk;
pub use dispatch::unknown_command;
pub use eviction::Policy;
pub use keyspace::wrong_arity;
pub use standalone::Standalone;

pub use server::serve;
pub use server::sleep_until;

/// Compiles the example in the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
