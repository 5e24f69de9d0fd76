//! A Sentinel's configuration, and the configuration file that it rewrites.

use super::instance::Address;
use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};

/// Configuration of one Sentinel, watching one master.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentinelConfig {
    /// Port for clients and for the other Sentinels.
    pub port: u16,
    /// The address that it announces to the other Sentinels.
    pub announce_ip: String,
    /// The name of the master, as clients ask for it.
    pub master_name: String,
    /// The address and port of the master at the first start; later starts read the configuration file.
    pub master: (String, u16),
    /// How many Sentinels must find the master down.
    pub quorum: usize,
    /// `down-after-milliseconds`.
    pub down_after_ms: u64,
    /// `failover-timeout`, milliseconds.
    pub failover_timeout_ms: u64,
    /// The passwords that it asks for and gives.
    pub passwords: Passwords,
}

/// The passwords of a Sentinel's configuration. `Default`: there are none.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Passwords {
    /// `requirepass`: what it asks for at its first start (later its file says that), and what it always gives to the other
    /// Sentinels. Empty: none.
    pub require: String,
    /// `auth-pass` for the master and its replicas. Empty: none.
    pub of_redis: String,
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passwords(…)") // not for logs
    }
}

/// The configuration file that Sentinel rewrites. Sentinel syncs it, so it survives a kill and a power loss. Clones are the
/// same file.
#[derive(Clone, Default)]
pub struct SentinelDisk(Arc<Mutex<Option<Saved>>>);

/// The contents of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Saved {
    pub(super) id: String,
    pub(super) current_epoch: u64,
    pub(super) config_epoch: u64,
    /// Epoch of the last vote: a Sentinel that restarts does not vote twice.
    pub(super) leader_epoch: u64,
    pub(super) master: Address,
    pub(super) replicas: BTreeSet<Address>,
    /// The password that clients must give.
    pub(super) password: Option<Bytes>,
    /// By ID.
    pub(super) sentinels: BTreeMap<String, Address>,
}

impl SentinelDisk {
    /// An empty file: the Sentinel has never run.
    pub fn new() -> SentinelDisk {
        SentinelDisk::default()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Saved>> {
        self.0.lock().expect("no code panics while holding the file")
    }

    pub(super) fn load(&self) -> Option<Saved> {
        self.lock().clone()
    }

    pub(super) fn save(&self, saved: Saved) {
        *self.lock() = Some(saved);
    }
}
