//! Faults of hosts and links on the classic engine.

use super::Classic;
use crate::engine::{HostId, LinkConfig};
use std::time::Duration;

/// The key of a link, which has one state for both directions.
fn ends(a: HostId, b: HostId) -> (HostId, HostId) {
    (a.min(b), a.max(b))
}

impl Classic {
    pub(super) fn boot(&self, host: HostId) {
        let process = &self.host(host).process;
        if !process.is_up() {
            process.start();
            self.sim.borrow_mut().bounce(self.ip_of(host));
        }
    }

    /// Kills a process (SIGKILL). turmoil delivers nothing to a crashed host, so connects to it would hang. Therefore
    /// the host is started again at once without software: its kernel refuses connects and resets connections.
    pub(super) fn end(&self, host: HostId) {
        let process = &self.host(host).process;
        if process.is_up() {
            process.stop();
            let mut sim = self.sim.borrow_mut();
            sim.crash(self.ip_of(host));
            sim.bounce(self.ip_of(host));
        }
    }

    /// Cuts both directions, whichever order the ends are given in: [`super::fits`] refuses plans that cut only one
    /// direction.
    pub(super) fn cut(&self, a: HostId, b: HostId) {
        if self.cut.borrow_mut().insert(ends(a, b)) {
            self.sim.borrow().hold(self.ip_of(a), self.ip_of(b));
        }
    }

    pub(super) fn mend(&self, a: HostId, b: HostId) {
        if self.cut.borrow_mut().remove(&ends(a, b)) {
            self.sim.borrow().release(self.ip_of(a), self.ip_of(b));
        }
    }

    pub(super) fn link_of(&self, a: HostId, b: HostId) -> LinkConfig {
        let links = self.links.borrow();
        links.get(&ends(a, b)).copied().unwrap_or(self.link_default)
    }

    pub(super) fn change_link(&self, a: HostId, b: HostId, config: LinkConfig) {
        let (min_ms, max_ms) = config.latency_ms;
        let latency = |ms| Duration::from_millis(ms + config.added_ms);
        let (ip_a, ip_b) = (self.ip_of(a), self.ip_of(b));
        let sim = self.sim.borrow();
        sim.set_link_latency(ip_a, ip_b, latency(min_ms)); // sets both ends of the range
        sim.set_link_max_message_latency(ip_a, ip_b, latency(max_ms));
        self.links.borrow_mut().insert(ends(a, b), config);
    }
}
