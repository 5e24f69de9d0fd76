//! A node's configuration, and the events that it reports.

use super::eviction::Policy;
use bytes::Bytes;

/// Configuration of one node. `Default` has Redis's own values where they matter here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedisConfig {
    /// The port to listen on.
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
    /// The probability, in parts per million and for each client that is answered in the same turn of the event loop, that
    /// the bytes to replicas leave a millisecond after the replies to clients. Redis writes both in one turn, one client
    /// after the other, and all but the first before the stream (networking.c prepends to `clients_pending_write`); a
    /// process that dies in between has acknowledged writes that no replica has. The engine's resolution is a millisecond,
    /// so the same number is the mean time for each client in nanoseconds.
    pub replication_late_ppm: u32,
    /// `requirepass`: the default user's password. Empty: none.
    pub requirepass: String,
    /// `masterauth`: the password that it gives to its master. Empty: none.
    pub masterauth: String,
    /// `user` lines, without that word: `app on >secret ~app:* &* +@all`.
    pub users: Vec<String>,
    /// `maxmemory`, bytes; 0 is no limit.
    pub maxmemory: u64,
    /// `maxmemory-policy`.
    pub maxmemory_policy: Policy,
    /// `lua-time-limit`, milliseconds; 0 is no limit. Redis answers BUSY after this time; here a script that would take so
    /// long, judged by its number of instructions, ends with an error.
    pub lua_time_limit_ms: u64,
}

/// The default of [`RedisConfig::replication_late_ppm`], as measured on Redis 7.0.15: `kill -9` under load loses 0.1 ms of
/// acknowledged work with 16 clients at once, and almost nothing with 4.
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
            masterauth: String::new(),
            users: vec![],
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
    /// Snapshots: one is taken when more than `after_s` seconds have passed since the last one and at least `changes`
    /// changes have been made (`save after_s changes`), at SAVE and at BGSAVE. A restart, after a kill or a power loss,
    /// restores the last snapshot, with everything that was deleted since.
    Rdb {
        /// Seconds.
        after_s: u64,
        /// Keys changed.
        changes: u64,
    },
    /// An append-only file, `appendfsync everysec`.
    Aof,
}

/// An event that a node reports to its observer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RedisEvent {
    /// Its role from now on; reported at boot and at each change.
    Role {
        /// `master` or `replica`.
        role: &'static str,
    },
    /// A master executed a write, which no replica has yet.
    Wrote {
        /// The command, as replicas will receive it.
        command: Bytes,
        /// The key.
        key: Bytes,
    },
    /// A replica discarded its data and took its master's.
    FullSync,
    /// A replica continued from its own offset.
    PartialSync,
    /// A replica lost the link to its master.
    LinkDown,
    /// A client gave a wrong password, or one of a user that there is not.
    PasswordRefused {
        /// The name that was given.
        user: String,
    },
}

/// A moment, by both clocks of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Moment {
    /// Wall clock, milliseconds since the Unix epoch: for expiry, lag and Redis's `unixtime`.
    pub wall_ms: i64,
    /// Monotonic clock, milliseconds: for timers.
    pub mono_ms: u64,
}

impl Moment {
    /// The current moment on a host.
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
