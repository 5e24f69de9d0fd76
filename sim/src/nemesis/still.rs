//! Processes that stand still: those that were stopped, and those in a call to a slow disk.
//!
//! A process that is stopped in such a call has the directory's write lock until it goes on, as it would: nobody but
//! itself, or its end, gives it back.

use crate::{engine::HostId, simulator::Simulator, world::WriteLock};
use std::collections::{BTreeMap, BTreeSet};

/// Who stands still, and why.
pub(super) struct Still {
    stopped: BTreeSet<HostId>,
    /// Until when, milliseconds, each is in its call.
    calling: BTreeMap<HostId, u64>,
    lock: WriteLock,
}

impl Still {
    pub(super) fn nobody(lock: WriteLock) -> Still {
        Still {
            stopped: BTreeSet::new(),
            calling: BTreeMap::new(),
            lock,
        }
    }

    /// SIGSTOP.
    pub(super) fn stop(&mut self, engine: &dyn Simulator, host: HostId) {
        if engine.is_up(host) {
            self.stopped.insert(host);
            engine.pause(host);
        }
    }

    /// SIGCONT.
    pub(super) fn go_on(&mut self, engine: &dyn Simulator, host: HostId) {
        self.stopped.remove(&host);
        self.look(engine, host);
    }

    /// A call begins that returns at a time, milliseconds.
    pub(super) fn call(&mut self, engine: &dyn Simulator, host: HostId, until_ms: u64) {
        self.calling.insert(host, until_ms);
        engine.pause(host);
    }

    /// Looks whether somebody stands still for a reason still.
    pub(super) fn look(&mut self, engine: &dyn Simulator, host: HostId) {
        if self.stopped.contains(&host) || self.calling.get(&host).is_some_and(|until| engine.now_ms() < *until) {
            return;
        }
        self.gone(host);
        engine.resume(host);
    }

    /// The process is gone, and the lock with it.
    pub(super) fn gone(&mut self, host: HostId) {
        self.stopped.remove(&host);
        if self.calling.remove(&host).is_some() {
            self.lock.returned();
        }
    }
}
