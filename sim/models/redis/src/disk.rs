//! What survives the process.

use super::databases::Databases;
use super::keyspace::Effect;
use std::sync::{Arc, Mutex, MutexGuard};

/// A host's disk: the append-only file, the snapshot and the configuration file. Clones are the same disk.
///
/// The file is kept as the data it would load, plus the effects written and not yet synced. A kill
/// keeps both (the page cache survives the process); a power loss keeps only what was synced.
#[derive(Clone, Default)]
pub struct Disk {
    state: Arc<Mutex<DiskState>>,
}

#[derive(Default)]
pub(super) struct DiskState {
    /// Synced.
    pub(super) durable: Databases,
    /// Written since the last sync, in order.
    pub(super) written: Vec<Effect>,
    /// The last snapshot. It replaces the one before only when it is synced, so it is never incomplete.
    pub(super) snapshot: Databases,
    /// `replicaof` as CONFIG REWRITE left it; the outer `None` means never rewritten. Redis syncs
    /// the rewritten file, so it survives a power loss.
    pub(super) replica_of: Option<Option<(String, u16)>>,
}

impl Disk {
    /// An empty disk.
    pub fn new() -> Disk {
        Disk::default()
    }

    /// A power loss: what was written and not synced is lost (`appendfsync everysec`).
    pub fn power_loss(&self) {
        self.lock().written.clear();
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, DiskState> {
        self.state.lock().expect("no code panics while holding the disk")
    }
}
