//! Faults of hosts and links. The parent module defines each of them.

use super::{Engine, HostId, LinkConfig, cluster::Place, cluster::Scope, link::Link, panic};
use std::cell::RefMut;

impl Engine {
    /// Whether the host's process runs (paused or not).
    pub fn is_up(&self, host: HostId) -> bool {
        self.cluster.host(host).up.get()
    }

    /// Whether the host's process is paused.
    pub fn is_paused(&self, host: HostId) -> bool {
        self.cluster.host(host).paused.get()
    }

    /// Boots a host. Does nothing if it is up.
    pub fn start(&self, host: HostId) {
        let state = self.cluster.host(host);
        if state.up.get() {
            return;
        }
        self.enter();
        let was_killed = self.cluster.wire.borrow().powered[host.0];
        if was_killed {
            self.cluster.wire.borrow_mut().clear_after_kill(self.now_ms(), host);
        }
        self.cluster.wire.borrow_mut().powered[host.0] = true;
        state.boot.set(state.boot.get() + 1);
        state.up.set(true);
        state.paused.set(false);
        let place = Place {
            engine: self.cluster.engine,
            host,
            boot: state.boot.get(),
        };
        let _context = self.runtime.enter(); // for timers created before the first poll
        let scope = Scope::enter(place);
        let booted = panic::catch(|| (state.main)(state.env(place)));
        drop(scope);
        match booted {
            Ok(main) => self.cluster.spawn(place, main),
            Err(message) => {
                self.cluster.note_panic(host, message);
                self.cluster.kill(host);
            }
        }
    }

    /// Kills the host's process (SIGKILL). Does nothing if it is down.
    pub fn kill(&self, host: HostId) {
        if self.is_up(host) {
            let _context = self.runtime.enter();
            self.cluster.kill(host);
        }
    }

    /// Cuts the host's power, even if its process was killed before.
    pub fn power_loss(&self, host: HostId) {
        self.kill(host);
        if self.cluster.wire.borrow().is_entered() {
            self.cluster
                .wire
                .borrow_mut()
                .clear_after_power_loss(self.now_ms(), host);
        }
    }

    /// Pauses the host's process (SIGSTOP). Does nothing if it is down.
    pub fn pause(&self, host: HostId) {
        if self.is_up(host) {
            self.cluster.host(host).paused.set(true);
        }
    }

    /// Resumes the host's process (SIGCONT): tasks that were woken meanwhile run, in the order of waking.
    pub fn resume(&self, host: HostId) {
        if self.cluster.host(host).paused.replace(false) {
            self.cluster.executor.release(host);
        }
    }

    /// From now on no packet from one host reaches the other.
    pub fn cut_one_way(&self, from: HostId, to: HostId) {
        self.link_mut(from, to).cut = true;
    }

    /// Undoes [`Engine::cut_one_way`].
    pub fn mend_one_way(&self, from: HostId, to: HostId) {
        self.link_mut(from, to).cut = false;
    }

    /// Sets the latency and loss for packets sent from now on.
    pub fn set_link(&self, from: HostId, to: HostId, config: LinkConfig) {
        self.link_mut(from, to).config = config;
    }

    /// The latency and loss of a link, cuts not included.
    pub fn link(&self, from: HostId, to: HostId) -> LinkConfig {
        self.link_mut(from, to).config
    }

    fn link_mut(&self, from: HostId, to: HostId) -> RefMut<'_, Link> {
        RefMut::map(self.cluster.wire.borrow_mut(), |wire| wire.link(from, to))
    }

    /// Sets the offset of a host's wall clock from the true time, milliseconds. Drift is added to the offset.
    pub fn clock_offset_ms(&self, host: HostId, offset_ms: i64) {
        self.cluster.host(host).clock.set_offset_ms(offset_ms);
    }

    /// Moves a host's wall clock by this number of milliseconds.
    pub fn clock_jump_ms(&self, host: HostId, by_ms: i64) {
        self.cluster.host(host).clock.jump_ms(by_ms);
    }

    /// Makes a host's wall clock gain this number of milliseconds in a thousand seconds from now on.
    pub fn clock_drift_ppm(&self, host: HostId, drift_ppm: i64) {
        self.cluster.host(host).clock.set_drift_ppm(drift_ppm);
    }
}
