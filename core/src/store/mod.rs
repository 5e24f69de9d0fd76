//! What both worlds share: short-lived state in Redis, found through Sentinels, and the durable
//! directory in SQLite.

mod classify;
mod link;
mod memory;
mod redis;
mod sentinel;
pub mod sqlite;

#[cfg(test)]
pub(crate) mod testing;

pub use memory::MemoryStore;
pub use redis::RedisStore;
pub use sentinel::{MasterFinder, SentinelFinder};
pub use sqlite::{DirectoryError, SqliteDirectory};
