//! A second engine: the classic `turmoil::Sim` (crate `turmoil`), behind the same seams.
//!
//! It shares with [`crate::engine`] the seams, the hosts' clocks and their entropy, and nothing of what
//! could be wrong: tasks are tokio's own on a runtime per host, TCP is turmoil's, time goes in ticks of
//! [`TICK_MS`] in which one host runs after the other. It is a second opinion on an engine of our own.
//!
//! # What it can do
//! Kill and start; cuts both ways (what was sent is held, and comes when the link is mended: a short
//! partition as TCP bridges it); latency; wall clocks that are off; and the service's own faults, which act
//! on its world and not on the engine. [`fits`] refuses the rest: power loss, pauses, cuts one way, loss.
//!
//! # How it differs
//! - A message takes until the end of its tick and longer: most hops take 5 to 15 ms.
//! - Within a tick the hosts' clocks are apart by as much as a tick. The history is stamped with the
//!   furthest that any of them has got, so that it goes forward.
//! - Faults are injected between ticks; one with a trigger, at the end of the tick in which its event came.
//! - One stream of random numbers for all links: a host that sends more changes the latencies of all, so two
//!   runs with one thing changed cannot be compared moment by moment.
//! - Order is kept within a connection, and not between two connections of the same hosts.
//! - A SYN-ACK takes no time. A mended link delivers at once, without waiting for a retransmission.
//! - Wire messages are not kept, and packets are not counted.

mod faults;
mod fit;
mod host;
mod network;
mod run;
#[cfg(test)]
mod tests;

pub(crate) use host::{current_host, current_ms};

pub use fit::{Misfit, can, fits};

use crate::{
    engine::{Caller, EngineConfig, HostId, HostPanic, LinkConfig, clock, seed},
    simulator::{Action, Main, OnCall},
};
use host::{Host, Process, World};
use seams::{Probe, Storage};
use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    rc::Rc,
    sync::{Arc, atomic::AtomicU64},
    time::{Duration, SystemTime},
};

/// How long a tick is, milliseconds. Every host is polled in every tick: ticks of 1 ms cost ten times as
/// much as these.
pub const TICK_MS: u64 = 10;

/// Segments that a connection may have under way, and connections that may wait to be accepted. turmoil
/// panics at the latter.
const CAPACITY: usize = 1024;

/// A simulation on the classic engine.
pub(crate) struct Classic {
    sim: RefCell<turmoil::Sim<'static>>,
    epoch: seams::Timestamp,
    seed: u64,
    hosts: Vec<Rc<Host>>,
    world: Arc<World>,
    link_default: LinkConfig,
    /// Links that are not as they are by default, each by its ends in ascending order.
    links: RefCell<BTreeMap<(HostId, HostId), LinkConfig>>,
    cut: RefCell<BTreeSet<(HostId, HostId)>>,
    actions: RefCell<BTreeMap<(u64, u64), Action>>,
    next_action: Cell<u64>,
    caller: Caller,
    on_call: RefCell<Option<Rc<OnCall>>>,
    panics: RefCell<Vec<HostPanic>>,
    ticks: Cell<u64>,
}

/// The host that turmoil gives this address, declared or not: it counts from 192.168.0.1 on.
pub(crate) fn host_of(ip: IpAddr) -> Option<HostId> {
    let IpAddr::V4(ip) = ip else { return None };
    match ip.octets() {
        [192, 168, high, low] => Some(HostId(usize::from(u16::from_be_bytes([high, low])).checked_sub(1)?)),
        _ => None,
    }
}

impl Classic {
    /// An engine without hosts, at time 0.
    pub(crate) fn new(config: &EngineConfig) -> Classic {
        crate::engine::install_hook();
        let (min_ms, max_ms) = config.latency_ms;
        let mut builder = turmoil::Builder::new();
        builder
            .rng_seed(config.seed)
            // defaults to now
            .epoch(SystemTime::UNIX_EPOCH + Duration::from_millis(config.epoch.0))
            .tick_duration(Duration::from_millis(TICK_MS))
            .simulation_duration(Duration::MAX)
            .min_message_latency(Duration::from_millis(min_ms))
            .max_message_latency(Duration::from_millis(max_ms))
            .tcp_capacity(CAPACITY);
        let caller = Caller::new(Arc::default());
        Classic {
            sim: RefCell::new(builder.build()),
            epoch: config.epoch,
            seed: config.seed,
            hosts: Vec::new(),
            world: Arc::new(World::new(caller.clock(), config.polls_per_instant_max)),
            link_default: LinkConfig {
                latency_ms: config.latency_ms,
                added_ms: 0,
                loss: 0.0,
            },
            links: RefCell::default(),
            cut: RefCell::default(),
            actions: RefCell::default(),
            next_action: Cell::new(0),
            caller,
            on_call: RefCell::default(),
            panics: RefCell::default(),
            ticks: Cell::new(0),
        }
    }

    /// Declares a host, down until it is started. Its kernel is up from the beginning: it refuses connects.
    fn declare(&mut self, name: &str, probe: Arc<dyn Probe>, storage: Arc<dyn Storage>, main: Main) -> HostId {
        let id = HostId(self.hosts.len());
        let name: Arc<str> = name.into();
        let ip = self.sim.borrow().lookup(&*name);
        self.world.note_host(&name, ip);
        let now_ms: Arc<AtomicU64> = Arc::default();
        let entropy = seed::stream(self.seed, &["entropy", &name]);
        let host = Rc::new(Host {
            process: Arc::new(Process::new(name.clone(), now_ms.clone(), self.world.clone())),
            clock: Arc::new(clock::HostClock::new(self.epoch, now_ms)),
            entropy: Arc::new(clock::SeededEntropy::new(entropy)),
            ip,
            probe,
            storage,
            main,
        });
        self.hosts.push(host.clone());
        self.sim.get_mut().host(ip, move || host.clone().software());
        id
    }

    fn host(&self, host: HostId) -> &Rc<Host> {
        &self.hosts[host.0]
    }

    fn ip_of(&self, host: HostId) -> IpAddr {
        self.host(host).ip
    }
}

impl Drop for Classic {
    fn drop(&mut self) {
        // What destructors ask for from now on is too late.
        for host in &self.hosts {
            host.process.stop();
        }
        self.actions.take();
        self.on_call.take();
        self.world.uninstall();
    }
}
