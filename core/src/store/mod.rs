//! What all modules share: short-lived state ([`AuthStateStore`]) in Redis, found through Sentinels, or in memory for
//! development; and the machinery of the directory in SQLite.

mod classify;
mod link;
mod lookout;
mod memory;
mod probe;
mod record;
mod redis;
mod sentinel;
pub mod sqlite;
mod state;

#[cfg(test)]
pub(crate) mod testing;

pub use memory::MemoryStore;
pub use probe::DirectoryProbe;
pub(crate) use probe::SCHEMA as PROBE_SCHEMA;
pub(crate) use record::{decode, encode};
pub(crate) use redis::HEALTH;
pub use redis::RedisStore;
pub use sentinel::{MasterFinder, SentinelFinder};
pub use sqlite::{DirectoryError, SqliteDirectory};
pub use state::{AuthStateStore, Key, Namespace};
