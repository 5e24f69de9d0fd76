//! A host: its state across boots, and the seams that one boot uses.

use super::{
    HostId,
    clock::{HostClock, SeededEntropy},
    cluster::{Cluster, Place, Scope},
    socket::HostNetwork,
};
use seams::{BoxFuture, Env, Probe, Storage, Tasks};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    net::IpAddr,
    sync::Arc,
};
use turmoil_net::shim::tokio::net::TcpListener;

/// The software of a host, called at every boot.
pub(super) type Main = Box<dyn Fn(Env) -> BoxFuture<'static, ()>>;

pub(super) struct Host {
    pub(super) name: Arc<str>,
    pub(super) ip: IpAddr,
    pub(super) kernel: turmoil_net::HostId,
    pub(super) main: Main,
    pub(super) probe: Arc<dyn Probe>,
    pub(super) storage: Arc<dyn Storage>,
    pub(super) clock: Arc<HostClock>,
    pub(super) entropy: Arc<SeededEntropy>,
    /// Whether its process runs (paused or not).
    pub(super) up: Cell<bool>,
    pub(super) paused: Cell<bool>,
    /// Number of boots so far.
    pub(super) boot: Cell<u64>,
    /// Listeners that the process has dropped, by port; see [`super::socket`].
    pub(super) shut: RefCell<BTreeMap<u16, TcpListener>>,
}

impl Host {
    pub(super) fn env(&self, place: Place) -> Env {
        Env {
            host: self.name.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
            network: Arc::new(HostNetwork { place }),
            tasks: Arc::new(HostTasks { place }),
            storage: self.storage.clone(),
            probe: self.probe.clone(),
        }
    }
}

/// The tasks seam of one boot of one host.
struct HostTasks {
    place: Place,
}

impl Tasks for HostTasks {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        match Scope::enter(self.place) {
            Some(scope) => scope.cluster().spawn(self.place, task),
            None => drop(task), // the simulation is over
        }
    }
}

/// Name of the host whose task is being polled or dropped, for log lines; `None` outside of a task.
pub fn current_host() -> Option<String> {
    let cluster = Cluster::installed()?;
    let HostId(host) = cluster.current()?.host;
    Some(cluster.hosts.borrow()[host].name.to_string())
}

/// Simulated time for log lines, milliseconds; `None` if no engine has started on this thread.
pub fn current_ms() -> Option<u64> {
    Some(Cluster::installed()?.now_ms())
}
