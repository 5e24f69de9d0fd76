//! The simulation engine: hosts, their clocks, their tasks and the network between them, in simulated time. Software
//! that is written against the [`Env`] seams can be simulated.
//!
//! The engine is an event loop over the kernels of `turmoil-net` (handshake, backpressure, FIN, RST), with one paused
//! tokio runtime and an executor of its own. Time jumps from event to event. Equal seeds give equal runs, down to the
//! bytes on the wire ([`Engine::wire_hash`]).
//!
//! # Faults
//! - **Kill** (SIGKILL): the host's tasks are dropped at once, in the order in which they were spawned. Its kernel goes
//!   on, closes their sockets (FIN, or RST if unread data is left), and refuses connects.
//! - **Power loss**: the host sends nothing more, and everything from it that has not arrived is lost. Once it has
//!   booted again, it answers segments of old connections with RST.
//! - **Pause** (SIGSTOP): no task of the host is polled. Its kernel goes on accepting, acknowledging and buffering.
//! - **Cuts, loss, latency**: for each direction. A packet that TCP would retransmit arrives late (first after 200 ms,
//!   a SYN after 1 s, doubling up to 120 s). One connection never delays another.
//! - **Clocks**: offset, jump and drift of a host's wall clock. Timers and the monotonic clock are always correct.
//!
//! # Order
//! What can happen at the same time happens in one order by default: tasks run in the order in which they were woken, and
//! packets are delivered in the order in which they were sent, before any task runs. [`Order`] and [`ArrivalOrder`] are
//! random orders, which the seed decides.
//!
//! # Differences from real TCP
//! - No ETIMEDOUT and no keepalive: SYNs and data are retransmitted without end, so every call needs a deadline of its
//!   own.
//! - No fast retransmit and no congestion control: bulk transfers under loss are slower than real ones, and faster just
//!   after a partition.
//! - A RST discards data that the peer has not read (Linux lets the peer read it).
//! - TCP segments of one connection are never duplicated, reordered or corrupted. Those of different connections that
//!   arrive in the same millisecond may come in any order ([`ArrivalOrder`]).
//! - Traffic within a host has no faults.
//! - The cost of a kernel is linear in its sockets (no problem below about 500 for each host).
//!
//! # What simulated code must not do
//! `tokio::spawn`, `JoinSet` and `spawn_blocking` end the run with an [`EngineError`]. Real clocks, entropy of the
//! operating system, hash maps with random keys and tokio's bare `select!` cannot be detected at run time and break
//! determinism silently, so lints ban them.

mod acks;
mod arrivals;
mod caller;
pub(crate) mod clock;
mod cluster;
mod delivery;
mod error;
mod event_loop;
mod executor;
mod faults;
mod flow;
mod host;
mod inert;
mod link;
mod order;
mod outage;
mod panic;
pub(crate) mod seed;
mod socket;
mod table;
mod tap;
#[cfg(test)]
mod tests;
mod wire;

pub use arrivals::ArrivalOrder;
pub use caller::Caller;
pub use error::{EngineError, HostPanic};
pub use event_loop::Stats;
pub(crate) use flow::host_of;
pub use host::{current_host, current_ms};
pub use inert::Inert;
pub use link::LinkConfig;
pub use order::Order;
pub(crate) use panic::{catch, install_hook};
pub use tap::{Carried, CarriedKind};

use cluster::Cluster;
use host::{Host, Main};
use seams::{BoxFuture, Env, Probe, Storage, Timestamp};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    fmt,
    net::IpAddr,
    rc::Rc,
    sync::{Arc, atomic::Ordering},
};
use tokio::{runtime::Runtime, time::Instant};

/// The options of an engine.
#[derive(Debug, Clone)]
pub struct EngineConfig {
    /// Seed of latencies, losses and every host's entropy.
    pub seed: u64,
    /// Wall-clock time at which the simulation starts.
    pub epoch: Timestamp,
    /// Whether to skip idle time. If not, every millisecond is processed: slow, with the same result.
    pub skip_idle: bool,
    /// Shortest and longest one-way latency of links that [`Engine::set_link`] has not changed, milliseconds.
    pub latency_ms: (u64, u64),
    /// The order in which tasks run that can run at the same time.
    pub order: Order,
    /// The order in which packets are delivered that arrive in the same millisecond.
    pub arrival_order: ArrivalOrder,
    /// The largest number of polls at one instant; more are an [`EngineError::Livelock`].
    pub polls_per_instant_max: u64,
}

impl Default for EngineConfig {
    fn default() -> EngineConfig {
        EngineConfig {
            seed: 1,
            epoch: Timestamp(1_790_000_000_000),
            skip_idle: true,
            latency_ms: (1, 5),
            order: Order::FirstCome,
            arrival_order: ArrivalOrder::AsSent,
            polls_per_instant_max: 1_000_000,
        }
    }
}

/// A host of an [`Engine`], numbered in the order of declaration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostId(pub(crate) usize);

type Action = Box<dyn FnOnce(&Engine)>;

/// A simulation. A thread can have one at a time, from its first start or run until it is dropped.
pub struct Engine {
    config: EngineConfig,
    cluster: Rc<Cluster>,
    names: Vec<Arc<str>>,
    /// Scheduled actions, by time and order of the calls to [`Engine::at`].
    actions: RefCell<BTreeMap<(u64, u64), Action>>,
    next_action: Cell<u64>,
    /// Calls from simulated code, and their handler.
    caller: Caller,
    on_call: RefCell<Option<caller::OnCall>>,
    instants: Cell<u64>,
    passes: Cell<u64>,
    /// The moment of simulated time 0.
    start: Instant,
    runtime: Runtime,
}

impl Engine {
    /// An engine without hosts, at time 0.
    ///
    /// # Panics
    /// The operating system has no resources for a runtime.
    pub fn new(config: EngineConfig) -> Engine {
        panic::install_hook();
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_time().start_paused(true);
        #[cfg(tokio_unstable)]
        builder.rng_seed(tokio::runtime::RngSeed::from_bytes(&config.seed.to_le_bytes()));
        let runtime = builder.build().expect("a runtime without IO needs no more than memory");
        let start = {
            let _context = runtime.enter();
            Instant::now()
        };
        let wire = wire::Wire::new(&config);
        let metrics = runtime.handle().metrics();
        let cluster = Cluster::new(next_engine(), wire, &config, metrics);
        let caller = Caller::new(cluster.now_ms.clone());
        Engine {
            config,
            caller,
            on_call: RefCell::default(),
            cluster: Rc::new(cluster),
            names: Vec::new(),
            actions: RefCell::default(),
            next_action: Cell::new(0),
            instants: Cell::new(0),
            passes: Cell::new(0),
            start,
            runtime,
        }
    }

    /// Declares a host, which is down until [`Engine::start`]. `main` is its software, called at every boot with the
    /// seams of that boot; when the future that it returns ends, tasks that it spawned continue. Marks go to `probe`;
    /// `storage` decides the faults of the host's storage.
    ///
    /// # Panics
    /// The name is taken, or the engine has started.
    pub fn add_host(
        &mut self,
        name: &str,
        probe: Arc<dyn Probe>,
        storage: Arc<dyn Storage>,
        main: impl Fn(Env) -> BoxFuture<'static, ()> + 'static,
    ) -> HostId {
        assert!(self.host(name).is_none(), "there is a host called {name} already");
        let id = HostId(self.cluster.hosts.borrow().len());
        assert!(id.0 < flow::HOSTS_MAX, "no more than {} hosts", flow::HOSTS_MAX);
        let (name, ip): (Arc<str>, IpAddr) = (name.into(), flow::ip_of(id));
        self.names.push(name.clone());
        let entropy = seed::stream(self.config.seed, &["entropy", &name]);
        let host = Host {
            name: name.clone(),
            ip,
            kernel: self.cluster.wire.borrow_mut().add_host(name, ip),
            main: Box::new(main) as Main,
            probe,
            storage,
            clock: Arc::new(clock::HostClock::new(self.config.epoch, self.cluster.now_ms.clone())),
            entropy: Arc::new(clock::SeededEntropy::new(entropy)),
            up: Cell::new(false),
            paused: Cell::new(false),
            boot: Cell::new(0),
            shut: RefCell::default(),
        };
        self.cluster.hosts.borrow_mut().push(Rc::new(host));
        id
    }

    /// The host of this name. Names are case-sensitive.
    pub fn host(&self, name: &str) -> Option<HostId> {
        self.names.iter().position(|known| **known == *name).map(HostId)
    }

    /// The host's name.
    pub fn name(&self, host: HostId) -> &str {
        &self.names[host.0]
    }

    /// The host's only address.
    pub fn ip(&self, host: HostId) -> IpAddr {
        self.cluster.host(host).ip
    }

    /// Schedules an action, usually a fault, at a simulated time, milliseconds. Actions of one time happen in the order
    /// of these calls, before anything else of that time. An action for a past time happens next.
    pub fn at(&self, at_ms: u64, action: impl FnOnce(&Engine) + 'static) {
        let order = self.next_action.get();
        self.next_action.set(order + 1);
        self.actions.borrow_mut().insert((at_ms, order), Box::new(action));
    }

    /// Simulated time, milliseconds.
    pub fn now_ms(&self) -> u64 {
        self.cluster.now_ms()
    }

    /// A function that reads simulated time, milliseconds, even while the engine runs.
    pub fn clock_reader(&self) -> impl Fn() -> u64 + Send + Sync + 'static {
        let now_ms = self.cluster.now_ms.clone();
        move || now_ms.load(Ordering::Relaxed)
    }

    /// A hash of every packet delivered so far: time, sender, receiver, flags, payload. Equal for equal runs, on any
    /// machine.
    pub fn wire_hash(&self) -> u64 {
        self.cluster.wire.borrow().hash.digest()
    }

    /// Keeps, from now on, a copy of every segment that carries something, for [`Engine::carried`]. The run is not
    /// changed, but takes more memory.
    pub fn keep_carried(&self) {
        self.cluster.wire.borrow_mut().tap = Some(Box::default());
    }

    /// Returns the copies made since [`Engine::keep_carried`], in the order of sending, and ends the copying.
    pub fn carried(&self) -> Vec<Carried> {
        let tap = self.cluster.wire.borrow_mut().tap.take();
        tap.map_or_else(Vec::new, |tap| tap.take())
    }

    /// Panics of simulated tasks so far. Each has killed its host.
    pub fn panics(&self) -> Vec<HostPanic> {
        self.cluster.panics.borrow().clone()
    }
}

impl Drop for Engine {
    /// Drops all tasks in the order of their spawning, each while its host is current, and then the kernels.
    fn drop(&mut self) {
        if self.cluster.wire.borrow().is_entered() {
            let _context = self.runtime.enter();
            self.cluster.kill_all();
        }
        self.actions.take();
        self.on_call.take();
        self.cluster.uninstall();
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("now_ms", &self.now_ms())
            .field("hosts", &self.names)
            .finish_non_exhaustive()
    }
}

/// Numbers the engines of a thread, so that a stream left over from one engine is not used with another.
fn next_engine() -> u64 {
    thread_local!(static NEXT: Cell<u64> = const { Cell::new(0) });
    NEXT.replace(NEXT.get() + 1)
}
