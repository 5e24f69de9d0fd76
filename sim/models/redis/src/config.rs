//! What an operator decides, and what a node tells about itself.

use super::eviction::Policy;
use bytes::Bytes;

/// Configuration of one node. `Default` is Redis's own where it matters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedisConfig {
    /// Port for everybody.
    pub port: u16,
    /// `replicaof` in the node's own configuration file: the role it boots with, unless CONFIG REWRITE
    /// has changed that file since. Use an address, not a name: Sentinel compares addresses.
    pub replica_of: Option<(String, u16)>,
    /// `replica-announce-ip`: the address that this node gives to its master and, through it, to the
    /// Sentinels. Empty: the address its connection comes from.
    pub announce_ip: String,
    /// What survives a restart.
    pub persistence: PersistenceMode,
    /// `min-replicas-to-write`; 0 is off.
    pub min_replicas_to_write: usize,
    /// `min-replicas-max-lag`, seconds.
    pub min_replicas_max_lag_s: u64,
    /// `repl-backlog-size`, bytes.
    pub repl_backlog_size: usize,
    /// `repl-timeout`, seconds without a byte from the other side of a replication link.
    pub repl_timeout_s: u64,
    /// `repl-ping-replica-period`, seconds.
    pub repl_ping_s: u64,
    /// `replica-serve-stale-data`: with `false` a replica whose link is down answers MASTERDOWN.
    pub replica_serve_stale_data: bool,
    /// How long after a boot the node answers LOADING, milliseconds.
    pub loading_ms: u64,
    /// How often, in a million, the bytes to a replica leave a millisecond after the replies to clients: for each client
    /// that is answered in the same turn. Redis writes both in one turn of its event loop, one client after the other, and
    /// all but the first before the stream (networking.c prepends to `clients_pending_write`); a process that dies in
    /// between has acknowledged what nobody else has. A millisecond is the finest that the engine knows, so this is also
    /// how long that takes for each client on average, in nanoseconds.
    pub replication_late_ppm: u32,
    /// `requirepass`: the default user's password. Empty: none is asked for.
    pub requirepass: String,
    /// `maxmemory`, bytes; 0 is no limit.
    pub maxmemory: u64,
    /// `maxmemory-policy`.
    pub maxmemory_policy: Policy,
    /// `lua-time-limit`: after so long Redis answers BUSY; here a script that would take so long is ended
    /// with an error, by the number of its instructions. Milliseconds; 0 is no limit.
    pub lua_time_limit_ms: u64,
}

/// As measured on Redis 7.0.15: `kill -9` under load takes back 0.1 ms of acknowledged work with 16 clients at once, and
/// next to nothing with 4.
pub const REPLICATION_LATE_PPM: u32 = 6_000;

impl Default for RedisConfig {
    fn default() -> RedisConfig {
        RedisConfig {
            port: 6379,
            replica_of: None,
            announce_ip: String::new(),
            persistence: PersistenceMode::None,
            min_replicas_to_write: 0,
            min_replicas_max_lag_s: 10,
            repl_backlog_size: 1024 * 1024,
            repl_timeout_s: 60,
            repl_ping_s: 10,
            replica_serve_stale_data: true,
            loading_ms: 0,
            replication_late_ppm: REPLICATION_LATE_PPM,
            requirepass: String::new(),
            maxmemory: 0,
            maxmemory_policy: Policy::NoEviction,
            lua_time_limit_ms: 5000,
        }
    }
}

/// What survives a restart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PersistenceMode {
    /// Nothing: an empty dataset and a new replication ID.
    None,
    /// Snapshots: one is taken when more than `after_s` seconds have passed since the last and at least
    /// `changes` changes have been made (`save after_s changes`), at SAVE and at BGSAVE. A restart, whether
    /// after a kill or after a power loss, brings back the last snapshot: what was deleted since is there
    /// again.
    Rdb {
        /// Seconds.
        after_s: u64,
        /// Keys changed.
        changes: u64,
    },
    /// An append-only file, `appendfsync everysec`.
    Aof,
}

/// What a node tells its observer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RedisEvent {
    /// The role it has from now on; told at boot and at each change.
    Role {
        /// `master` or `replica`.
        role: &'static str,
    },
    /// As a master, it executed a write, which no replica has yet.
    Wrote {
        /// The command, as its replicas will be told it.
        command: Bytes,
        /// The key.
        key: Bytes,
    },
    /// As a replica, it threw its data away and took its master's.
    FullSync,
    /// As a replica, it went on where it was.
    PartialSync,
    /// As a replica, it lost its master.
    LinkDown,
}

/// A moment, by both of a host's clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Moment {
    /// Wall clock, milliseconds since the Unix epoch: for expiry, lag and what Redis calls `unixtime`.
    pub wall_ms: i64,
    /// Monotonic clock, milliseconds: for timers.
    pub mono_ms: u64,
}

impl Moment {
    /// The host's present.
    pub fn of(env: &seams::Env) -> Moment {
        Moment {
            wall_ms: env.clock.wall().millis() as i64,
            mono_ms: env.clock.monotonic().as_millis() as u64,
        }
    }

    /// Seconds since the Unix epoch.
    pub fn unix_s(self) -> i64 {
        self.wall_ms.div_euclid(1000)
    }
}
