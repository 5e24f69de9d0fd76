//! A second engine: the classic `turmoil::Sim` (crate `turmoil`), behind the same seams.
//!
//! It shares with [`crate::engine`] only the seams, the hosts' clocks and their entropy. Tasks are tokio's own, on a
//! runtime for each host; TCP is turmoil's; time advances in ticks of [`TICK_MS`], in which one host runs after the
//! other. The engine exists to detect errors of the first engine.
//!
//! # What it can do
//! It can kill and start hosts, cut links in both directions, slow links down, and set wall clocks wrong; and it can
//! inject the service's own faults, which need no engine. Data sent over a cut link is held and delivered when the link
//! is mended, as TCP does after a short partition. [`fits`] refuses everything else: power loss, pauses, cuts in one
//! direction, loss.
//!
//! # How it differs
//! - A message arrives at the end of its tick at the earliest: most hops take 5 to 15 ms.
//! - Within a tick the hosts' clocks differ by up to a tick. The history has the latest time of any host, so that its
//!   time never goes back.
//! - Faults happen between ticks; a fault with a trigger happens at the end of the tick of its trigger.
//! - There is one stream of random numbers for all links: a host that sends more changes all latencies, so two runs
//!   that differ in one respect cannot be compared moment by moment.
//! - Order is preserved within a connection, but not between two connections of the same hosts.
//! - A SYN-ACK takes no time. A mended link delivers at once, without waiting for a retransmission.
//! - Wire messages are not recorded, and packets are not counted.

mod faults;
mod fit;
mod host;
mod network;
mod run;
#[cfg(test)]
mod tests;

pub(crate) use host::{current_host, current_ms};

pub use fit::{HOSTS_MAX, Misfit, can, fits};

use crate::{
    driver::{Action, Main, OnCall},
    engine::{Caller, EngineConfig, HostId, HostPanic, LinkConfig, clock, seed},
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

/// Length of a tick, milliseconds. Every host is polled in every tick, so ticks of 1 ms would cost ten times as much.
pub const TICK_MS: u64 = 10;

/// The most segments that a connection may have in transit, and the most connections that may wait to be accepted.
/// turmoil panics if there are more of the latter.
const CAPACITY: usize = 1024;

/// A simulation on the classic engine.
pub(crate) struct Classic {
    sim: RefCell<turmoil::Sim<'static>>,
    epoch: seams::Timestamp,
    seed: u64,
    hosts: Vec<Rc<Host>>,
    world: Arc<World>,
    link_default: LinkConfig,
    /// Links that differ from the default, each by its ends in ascending order.
    links: RefCell<BTreeMap<(HostId, HostId), LinkConfig>>,
    cut: RefCell<BTreeSet<(HostId, HostId)>>,
    actions: RefCell<BTreeMap<(u64, u64), Action>>,
    next_action: Cell<u64>,
    caller: Caller,
    on_call: RefCell<Option<Rc<OnCall>>>,
    panics: RefCell<Vec<HostPanic>>,
    ticks: Cell<u64>,
}

/// The host to which turmoil gives this address, declared or not: addresses are counted from 192.168.0.1.
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
            // turmoil's default is the real time.
            .epoch(SystemTime::UNIX_EPOCH + Duration::from_millis(config.epoch.0))
            .tick_duration(Duration::from_millis(TICK_MS))
            .simulation_duration(Duration::MAX)
            .min_message_latency(Duration::from_millis(min_ms))
            .max_message_latency(Duration::from_millis(max_ms))
            .tcp_capacity(CAPACITY);
        let caller = Caller::new(Arc::default()).without_pauses();
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

    /// Declares a host, which is down until it is started. Its kernel is up from the beginning, and refuses connects.
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
        // From now on, requests that destructors make are ignored.
        for host in &self.hosts {
            host.process.stop();
        }
        self.actions.take();
        self.on_call.take();
        self.world.uninstall();
    }
}
