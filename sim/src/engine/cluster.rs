//! The hosts of one engine, and the host that is current.
//!
//! Sockets, spawning and destructors reach their engine through a thread-local. turmoil-net's sockets are bare numbers,
//! and it looks a number up in the current host; the seams must be `Send` although everything stays on one thread.

use super::{
    EngineConfig, EngineError, HostId, HostPanic,
    executor::{Executor, TaskFuture, TaskId},
    host::Host,
    order::Scheduler,
    panic,
    wire::Wire,
};
use std::{
    cell::{Cell, RefCell},
    pin::Pin,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::Context,
};
use tokio::runtime::RuntimeMetrics;

thread_local! {
    static INSTALLED: RefCell<Option<Rc<Cluster>>> = const { RefCell::new(None) };
}

/// One boot of one host of one engine: the owner of a socket or a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// Distinguishes engines that follow each other on one thread. Simulated code never sees it.
    pub(super) engine: u64,
    pub(super) host: HostId,
    pub(super) boot: u64,
}

pub(super) struct Cluster {
    pub(super) engine: u64,
    pub(super) executor: Executor,
    pub(super) wire: RefCell<Wire>,
    pub(super) hosts: RefCell<Vec<Rc<Host>>>,
    pub(super) now_ms: Arc<AtomicU64>,
    pub(super) panics: RefCell<Vec<HostPanic>>,
    pub(super) polls: Cell<u64>,
    pub(super) polls_this_instant: Cell<u64>,
    polls_per_instant_max: u64,
    last_polled: Cell<HostId>,
    current: Cell<Option<Place>>,
    metrics: RuntimeMetrics,
}

impl Cluster {
    pub(super) fn new(engine: u64, wire: Wire, config: &EngineConfig, metrics: RuntimeMetrics) -> Cluster {
        Cluster {
            engine,
            executor: Executor::new(Scheduler::new(config.order, config.seed)),
            wire: RefCell::new(wire),
            hosts: RefCell::default(),
            now_ms: Arc::default(),
            panics: RefCell::default(),
            polls: Cell::new(0),
            polls_this_instant: Cell::new(0),
            polls_per_instant_max: config.polls_per_instant_max,
            last_polled: Cell::new(HostId(0)),
            current: Cell::new(None),
            metrics,
        }
    }

    pub(super) fn install(self: &Rc<Cluster>) {
        INSTALLED.with_borrow_mut(|installed| {
            assert!(
                installed.is_none(),
                "one engine per thread at a time: drop the other one first"
            );
            *installed = Some(self.clone());
        });
    }

    pub(super) fn uninstall(&self) {
        INSTALLED.with_borrow_mut(|installed| {
            installed.take_if(|installed| installed.engine == self.engine);
        });
    }

    /// The engine that runs on this thread.
    pub(super) fn installed() -> Option<Rc<Cluster>> {
        // When a thread ends, its thread-locals may be dropped before some streams.
        INSTALLED
            .try_with(|installed| installed.borrow().clone())
            .ok()
            .flatten()
    }

    pub(super) fn host(&self, host: HostId) -> Rc<Host> {
        self.hosts.borrow()[host.0].clone()
    }

    pub(super) fn now_ms(&self) -> u64 {
        self.now_ms.load(Ordering::Relaxed)
    }

    pub(super) fn current(&self) -> Option<Place> {
        self.current.get()
    }

    fn make_current(&self, place: Place) {
        turmoil_net::set_current(self.hosts.borrow()[place.host.0].kernel);
    }

    /// Whether this boot is the host's current one, and is up.
    pub(super) fn accepts(&self, place: Place) -> bool {
        let hosts = self.hosts.borrow();
        let host = &hosts[place.host.0];
        host.up.get() && host.boot.get() == place.boot
    }

    /// Starts a task. A task that a destructor spawns while its host dies is dropped.
    pub(super) fn spawn(self: &Rc<Cluster>, place: Place, future: TaskFuture) {
        if self.accepts(place) {
            self.executor.spawn(place, future);
        } else {
            self.drop_inside(place, future);
        }
    }

    fn drop_inside<T>(self: &Rc<Cluster>, place: Place, value: T) {
        let _scope = Scope::enter_cluster(self, place);
        if let Err(message) = panic::catch(|| drop(value)) {
            self.note_panic(place.host, message);
        }
    }

    pub(super) fn note_panic(&self, host: HostId, message: String) {
        let host = self.host(host).name.to_string();
        self.panics.borrow_mut().push(HostPanic {
            at_ms: self.now_ms(),
            host,
            message,
        });
    }

    /// Polls tasks until none is ready. Returns whether there was one.
    pub(super) fn poll_ready(self: &Rc<Cluster>) -> Result<bool, EngineError> {
        let mut any = false;
        loop {
            if self.polls_this_instant.get() >= self.polls_per_instant_max && !self.executor.is_idle() {
                return Err(EngineError::Livelock {
                    at_ms: self.now_ms(),
                    host: self.host(self.last_polled.get()).name.to_string(),
                    polls: self.polls_this_instant.get(),
                });
            }
            let Some(ready) = self
                .executor
                .next_ready(|host| self.hosts.borrow()[host.0].paused.get())
            else {
                return Ok(any);
            };
            any = true;
            self.last_polled.set(ready.place.host);
            self.polls.set(self.polls.get() + 1);
            self.polls_this_instant.set(self.polls_this_instant.get() + 1);
            self.poll_one(ready.id, ready.place, ready.future, &ready.waker);
            self.check_escapes(ready.place.host)?;
        }
    }

    fn poll_one(self: &Rc<Cluster>, id: TaskId, place: Place, mut future: TaskFuture, waker: &std::task::Waker) {
        let scope = Scope::enter_cluster(self, place);
        // All tasks share one root future. Without `unconstrained` they would use up its budget together, and then
        // spin.
        let polled = panic::catch(|| {
            let unconstrained = &mut tokio::task::unconstrained(future.as_mut());
            Pin::new(unconstrained).poll(&mut Context::from_waker(waker)).is_ready()
        });
        drop(scope);
        match polled {
            Ok(false) => self.executor.put_back(id, future),
            Ok(true) => {
                self.executor.finish(id);
                self.drop_inside(place, future);
            }
            Err(message) => {
                self.executor.finish(id);
                self.note_panic(place.host, message);
                self.drop_inside(place, future);
                self.kill(place.host);
            }
        }
    }

    fn check_escapes(&self, host: HostId) -> Result<(), EngineError> {
        let name = || self.host(host).name.to_string();
        if self.metrics.num_alive_tasks() > 0 {
            return Err(EngineError::EscapedTask {
                at_ms: self.now_ms(),
                host: name(),
            });
        }
        #[cfg(tokio_unstable)]
        if self.metrics.num_blocking_threads() > 0 {
            return Err(EngineError::EscapedThread {
                at_ms: self.now_ms(),
                host: name(),
            });
        }
        Ok(())
    }

    /// Drops the host's tasks in the order of their spawning, while the host is current. Its kernel closes their
    /// sockets.
    pub(super) fn kill(self: &Rc<Cluster>, host: HostId) {
        let state = self.host(host);
        state.up.set(false);
        for id in self.executor.tasks_of(host) {
            self.drop_task(id);
        }
        let place = Place {
            engine: self.engine,
            host,
            boot: state.boot.get(),
        };
        self.drop_inside(place, state.shut.take());
        let mut wire = self.wire.borrow_mut();
        wire.shut_ports.retain(|(of, _)| *of != host);
        wire.pending_egress = true;
        state.paused.set(false);
    }

    /// Drops all tasks of all hosts, in the order of their spawning.
    pub(super) fn kill_all(self: &Rc<Cluster>) {
        let hosts: Vec<HostId> = (0..self.hosts.borrow().len()).map(HostId).collect();
        for host in &hosts {
            self.host(*host).up.set(false);
        }
        while let Some(id) = self.executor.first() {
            self.drop_task(id);
        }
        for host in hosts {
            self.kill(host);
        }
    }

    fn drop_task(self: &Rc<Cluster>, id: TaskId) {
        if let Some((place, future)) = self.executor.remove(id) {
            self.drop_inside(place, future);
        }
    }
}

/// Makes a host current, for a poll or a drop, until it is dropped itself.
pub(super) struct Scope {
    cluster: Rc<Cluster>,
    previous: Option<Place>,
}

impl Scope {
    /// Makes the host current; `None` if its engine is gone.
    pub(super) fn enter(place: Place) -> Option<Scope> {
        let cluster = Cluster::installed().filter(|cluster| cluster.engine == place.engine)?;
        Some(Scope::enter_cluster(&cluster, place))
    }

    fn enter_cluster(cluster: &Rc<Cluster>, place: Place) -> Scope {
        let previous = cluster.current.replace(Some(place));
        if previous != Some(place) {
            cluster.make_current(place);
        }
        Scope {
            cluster: cluster.clone(),
            previous,
        }
    }

    pub(super) fn cluster(&self) -> &Rc<Cluster> {
        &self.cluster
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        let left = self.cluster.current.replace(self.previous);
        if left != self.previous
            && let Some(place) = self.previous
        {
            self.cluster.make_current(place);
        }
    }
}
