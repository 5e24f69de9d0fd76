//! A Redis 7.0.15 node as a real server over [`seams::Env`]: all commands on strings, lists, hashes, sets and
//! sorted sets, expiry, sixteen databases, transactions, scripts (`script`), blocking pops (`pops`, `blocking`), publish
//! and subscribe, users and rules (`acl`), eviction (`eviction`), replication, snapshots and the append-only file. What
//! failovers and restarts take back emerges from it and is not scripted. Replies and effects are compared, command by
//! command, with those of the real server (`vectors`, `golden`).
//!
//! Deliberately absent: streams, bitmaps, HyperLogLog, geography, SORT, DUMP and RESTORE, MIGRATE, functions, modules,
//! cluster, client-side caching, keyspace notifications, MONITOR, SLOWLOG, LATENCY, MEMORY, DEBUG, SHUTDOWN, FAILOVER and
//! SYNC (all of them answered as unknown commands); RDB files (a full resynchronisation carries an encoding of its
//! own); diskless delay; output buffer limits; encodings that a value once had; the LFU policies; the database that a
//! stream is about, in a full resynchronisation from a replica (only database 0 survives a chain). Some of Redis's
//! chatter is there because offsets depend on it.

mod acl;
mod acl_rules;
mod alone;
mod backlog;
mod basics;
mod blocking;
mod chance;
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
mod persistence;
mod pops;
mod pubsub;
mod replica;
mod replication;
pub mod resp;
mod scan;
mod script;
mod server;
mod session;
mod sets;
mod settings;
mod shared;
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

pub use alone::Alone;
pub use config::Moment;
pub use config::{PersistenceMode, REPLICATION_LATE_PPM, RedisConfig, RedisEvent};
pub use disk::Disk;
pub use dispatch::unknown_command;
pub use eviction::Policy;
pub use keyspace::wrong_arity;

pub use server::serve;
pub use server::sleep_until;
