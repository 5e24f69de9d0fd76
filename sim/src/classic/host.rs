//! A host: its software, its tasks, and the seams that one boot uses.

use super::network::HostNetwork;
use crate::{
    driver::Main,
    engine::{EngineError, catch, clock},
};
use seams::{BoxFuture, Env, Probe, Storage, Tasks};
use std::{
    cell::RefCell,
    collections::BTreeMap,
    future::pending,
    net::IpAddr,
    pin::Pin,
    rc::Rc,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll},
};
use xxhash_rust::xxh3::Xxh3;

thread_local! {
    /// The host whose task is being polled or dropped.
    static HERE: RefCell<Option<Arc<Process>>> = const { RefCell::new(None) };
    /// The engine that runs on this thread.
    static INSTALLED: RefCell<Option<Arc<World>>> = const { RefCell::new(None) };
}

/// Name of the host whose task is being polled or dropped.
pub(crate) fn current_host() -> Option<String> {
    HERE.with_borrow(|here| here.as_ref().map(|process| process.name.to_string()))
}

/// Simulated time, milliseconds; `None` if no classic engine has run on this thread, or if it has been dropped.
pub(crate) fn current_ms() -> Option<u64> {
    INSTALLED.with_borrow(|world| world.as_ref().map(|world| world.now_ms()))
}

/// State shared by all hosts. Seams must be `Send`, although everything stays on one thread.
pub(super) struct World {
    /// The latest time that any host has reached, milliseconds.
    now_ms: Arc<AtomicU64>,
    addresses: Mutex<BTreeMap<Arc<str>, IpAddr>>,
    polls: AtomicU64,
    polls_this_tick: AtomicU64,
    polls_per_tick_max: u64,
    /// The host whose task exceeded the limit of polls in this tick.
    spinning: Mutex<Option<Arc<str>>>,
    wire: Mutex<Xxh3>,
}

impl World {
    pub(super) fn new(now_ms: Arc<AtomicU64>, polls_per_tick_max: u64) -> World {
        World {
            now_ms,
            addresses: Mutex::default(),
            polls: AtomicU64::new(0),
            polls_this_tick: AtomicU64::new(0),
            polls_per_tick_max,
            spinning: Mutex::default(),
            wire: Mutex::new(Xxh3::new()),
        }
    }

    /// Installs this engine on this thread.
    pub(super) fn install(self: &Arc<World>) {
        INSTALLED.set(Some(self.clone()));
    }

    pub(super) fn uninstall(self: &Arc<World>) {
        INSTALLED.with_borrow_mut(|installed| {
            installed.take_if(|installed| Arc::ptr_eq(installed, self));
        });
    }

    pub(super) fn now_ms(&self) -> u64 {
        self.now_ms.load(Ordering::Relaxed)
    }

    /// Begins a tick.
    pub(super) fn tick(&self, now_ms: u64) {
        self.now_ms.fetch_max(now_ms, Ordering::Relaxed);
        self.polls_this_tick.store(0, Ordering::Relaxed);
    }

    pub(super) fn note_host(&self, name: &Arc<str>, ip: IpAddr) {
        lock(&self.addresses).insert(name.clone(), ip);
    }

    pub(super) fn addresses(&self) -> MutexGuard<'_, BTreeMap<Arc<str>, IpAddr>> {
        lock(&self.addresses)
    }

    /// Adds data that was read from the network to the fingerprint.
    pub(super) fn note_read(&self, update: impl FnOnce(&mut Xxh3)) {
        let mut wire = lock(&self.wire);
        wire.update(&self.now_ms().to_le_bytes());
        update(&mut wire);
    }

    pub(super) fn wire_hash(&self) -> u64 {
        lock(&self.wire).digest()
    }

    pub(super) fn polls(&self) -> u64 {
        self.polls.load(Ordering::Relaxed)
    }

    /// The error if tasks kept waking each other in this tick.
    pub(super) fn livelock(&self, at_ms: u64) -> Option<EngineError> {
        let host = lock(&self.spinning).as_deref()?.to_owned();
        let polls = self.polls_this_tick.load(Ordering::Relaxed);
        Some(EngineError::Livelock { at_ms, host, polls })
    }

    /// Counts a poll; false if the limit of polls in this tick is exceeded. Without a limit, a spinning task would
    /// never let the tick end.
    fn count_poll(&self, host: &Arc<str>) -> bool {
        self.polls.fetch_add(1, Ordering::Relaxed);
        let few = self.polls_this_tick.fetch_add(1, Ordering::Relaxed) < self.polls_per_tick_max;
        if !few {
            lock(&self.spinning).get_or_insert_with(|| host.clone());
        }
        few
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A host's state across boots, shared by all sockets and tasks of its boots.
pub(super) struct Process {
    pub(super) name: Arc<str>,
    pub(super) world: Arc<World>,
    /// The time that this host has reached, milliseconds.
    now_ms: Arc<AtomicU64>,
    up: AtomicBool,
    boot: AtomicU64,
    /// The message of a task that panicked; the process ends at the end of the tick.
    panicked: Mutex<Option<String>>,
}

impl Process {
    pub(super) fn new(name: Arc<str>, now_ms: Arc<AtomicU64>, world: Arc<World>) -> Process {
        Process {
            name,
            world,
            now_ms,
            up: AtomicBool::new(false),
            boot: AtomicU64::new(0),
            panicked: Mutex::default(),
        }
    }

    pub(super) fn is_up(&self) -> bool {
        self.up.load(Ordering::Relaxed)
    }

    pub(super) fn start(&self) {
        self.now_ms.fetch_max(self.world.now_ms(), Ordering::Relaxed);
        self.boot.fetch_add(1, Ordering::Relaxed);
        self.up.store(true, Ordering::Relaxed);
    }

    pub(super) fn stop(&self) {
        self.up.store(false, Ordering::Relaxed);
    }

    /// Takes the message of a task that panicked.
    pub(super) fn take_panic(&self) -> Option<String> {
        lock(&self.panicked).take()
    }

    fn panic(&self, message: String) {
        lock(&self.panicked).get_or_insert(message);
    }

    fn has_panicked(&self) -> bool {
        lock(&self.panicked).is_some()
    }

    /// Reads turmoil's time on this host. Works only within a tick.
    fn read_clock(&self) {
        if let Some(elapsed) = turmoil::sim_elapsed() {
            let now_ms = elapsed.as_millis() as u64;
            self.now_ms.fetch_max(now_ms, Ordering::Relaxed);
            self.world.now_ms.fetch_max(now_ms, Ordering::Relaxed);
        }
    }
}

/// One boot of one host: the owner of a socket or a task.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) process: Arc<Process>,
    boot: u64,
}

impl Place {
    /// Whether this boot is the host's current one, and is up.
    pub(super) fn is_live(&self) -> bool {
        self.process.is_up() && self.process.boot.load(Ordering::Relaxed) == self.boot
    }
}

pub(super) struct Host {
    pub(super) process: Arc<Process>,
    pub(super) ip: IpAddr,
    pub(super) clock: Arc<clock::HostClock>,
    pub(super) entropy: Arc<clock::SeededEntropy>,
    pub(super) probe: Arc<dyn Probe>,
    pub(super) storage: Arc<dyn Storage>,
    pub(super) main: Main,
}

impl Host {
    /// The software that turmoil runs on this host: the process if it is up, then nothing. It never ends, because
    /// turmoil does not deliver to a host whose software has ended, whereas a real kernel would answer.
    pub(super) async fn software(self: Rc<Host>) -> turmoil::Result {
        let place = Place {
            process: self.process.clone(),
            boot: self.process.boot.load(Ordering::Relaxed),
        };
        if place.is_live() {
            let env = self.env(&place);
            match catch(|| (self.main)(env)) {
                Ok(main) => Task::new(place, main).await,
                Err(message) => place.process.panic(message),
            }
        }
        pending().await
    }

    fn env(&self, place: &Place) -> Env {
        Env {
            host: self.process.name.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
            network: Arc::new(HostNetwork { place: place.clone() }),
            tasks: Arc::new(HostTasks { place: place.clone() }),
            storage: self.storage.clone(),
            probe: self.probe.clone(),
        }
    }
}

/// The tasks seam of one boot of one host; tokio runs the tasks.
struct HostTasks {
    place: Place,
}

impl Tasks for HostTasks {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is what `env.spawn` is on the classic engine"
    )]
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        let task = Task::new(self.place.clone(), task);
        // A destructor may spawn while its host dies; that task is dropped.
        if self.place.is_live() {
            tokio::task::spawn_local(task);
        }
    }
}

/// A task of one boot. A panic ends the host's process, not the simulation.
struct Task {
    place: Place,
    /// `None` when it has finished.
    future: Option<BoxFuture<'static, ()>>,
}

impl Task {
    fn new(place: Place, future: BoxFuture<'static, ()>) -> Task {
        let future = Some(future);
        Task { place, future }
    }

    fn inside<R>(&mut self, work: impl FnOnce(&mut Option<BoxFuture<'static, ()>>) -> R) -> Option<R> {
        let outer = HERE.replace(Some(self.place.process.clone()));
        let done = catch(|| work(&mut self.future));
        HERE.set(outer);
        done.map_err(|message| self.place.process.panic(message)).ok()
    }
}

impl Future for Task {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let process = &self.place.process;
        if !self.place.is_live() || process.has_panicked() || !process.world.count_poll(&process.name) {
            return Poll::Pending; // the task is dropped at the end of the tick
        }
        process.read_clock();
        let polled = self.inside(|future| match future {
            Some(polled) => {
                let poll = polled.as_mut().poll(cx);
                if poll.is_ready() {
                    future.take();
                }
                poll
            }
            None => Poll::Ready(()),
        });
        polled.unwrap_or(Poll::Pending)
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.inside(Option::take);
    }
}
