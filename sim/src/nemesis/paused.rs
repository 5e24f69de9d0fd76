//! Processes that do not run: those that were paused, and those that are blocked in a call to a slow disk.
//!
//! A process that is paused in such a call keeps the lock of its database until it resumes, as a real process does: the
//! lock is released only by the process itself or by its end.

use crate::{driver::Simulator, engine::HostId, world::Machine};
use std::collections::{BTreeMap, BTreeSet};

/// The processes that do not run, and the reason.
#[derive(Default)]
pub(super) struct Paused {
    paused: BTreeSet<HostId>,
    /// The processes that are blocked in a call, each with the end of its call in milliseconds.
    blocked: BTreeMap<HostId, u64>,
}

impl Paused {
    /// Pauses a process (SIGSTOP).
    pub(super) fn pause(&mut self, engine: &dyn Simulator, host: &Machine) {
        if engine.is_up(host.id) {
            self.paused.insert(host.id);
            engine.pause(host.id);
        }
    }

    /// Resumes a process (SIGCONT), unless it is blocked.
    pub(super) fn resume(&mut self, engine: &dyn Simulator, host: &Machine) {
        self.paused.remove(&host.id);
        self.resume_if_free(engine, host);
    }

    /// Blocks a process in a call that returns at `until_ms`, milliseconds.
    pub(super) fn block(&mut self, engine: &dyn Simulator, host: &Machine, until_ms: u64) {
        self.blocked.insert(host.id, until_ms);
        engine.pause(host.id);
    }

    /// Resumes a process unless it is still paused or blocked.
    pub(super) fn resume_if_free(&mut self, engine: &dyn Simulator, host: &Machine) {
        let is_blocked = self.blocked.get(&host.id).is_some_and(|until| engine.now_ms() < *until);
        if self.paused.contains(&host.id) || is_blocked {
            return;
        }
        self.forget(host);
        engine.resume(host.id);
    }

    /// Forgets a process that is gone, or whose call has returned; its lock is free.
    pub(super) fn forget(&mut self, host: &Machine) {
        self.paused.remove(&host.id);
        if self.blocked.remove(&host.id).is_some()
            && let Some(disk) = &host.disk
        {
            disk.release();
        }
    }
}
