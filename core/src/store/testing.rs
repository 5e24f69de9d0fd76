//! An environment for tests: a clock that moves only when told to, no network, a disk that fails on
//! demand.

use super::MemoryStore;
use crate::store::{AuthStateStore, Key};
use async_trait::async_trait;
use seams::{
    BoxFuture, Cause, Clock, Entropy, Env, Failure, Listener, Network, Outcome, Probe, Storage, StorageFault,
    StorageMoment, Stream, Tasks, Timestamp,
};
use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{io::DuplexStream, sync::mpsc};

/// Beginning of all tests.
pub(crate) const START: Timestamp = Timestamp(1_790_000_000_000);

/// The parts of a test's [`Env`] that the test moves and looks at.
#[derive(Clone)]
pub(crate) struct Fixture {
    pub(crate) clock: Arc<TestClock>,
    pub(crate) storage: Arc<TestStorage>,
    pub(crate) marks: Arc<Marks>,
    pub(crate) network: Arc<TestNetwork>,
}

impl Fixture {
    pub(crate) fn new() -> Fixture {
        Fixture {
            clock: Arc::new(TestClock::default()),
            storage: Arc::new(TestStorage::default()),
            marks: Arc::new(Marks::default()),
            network: Arc::new(TestNetwork::default()),
        }
    }

    pub(crate) fn env(&self, host: &str) -> Env {
        Env {
            host: host.into(),
            clock: self.clock.clone(),
            entropy: Arc::new(Counting(AtomicU64::new(host.bytes().map(u64::from).sum()))),
            network: self.network.clone(),
            tasks: Arc::new(TokioTasks),
            storage: self.storage.clone(),
            probe: self.marks.clone(),
        }
    }
}

/// Moves by [`TestClock::pass`], or runs with tokio's virtual time after
/// [`TestClock::follow_tokio`].
#[derive(Default)]
pub(crate) struct TestClock {
    passed_ms: AtomicU64,
    started: Mutex<Option<tokio::time::Instant>>,
}

impl TestClock {
    pub(crate) fn pass(&self, ms: u64) {
        self.passed_ms.fetch_add(ms, Ordering::Relaxed);
    }

    pub(crate) fn follow_tokio(&self) {
        *self.started.lock().unwrap() = Some(tokio::time::Instant::now());
    }
}

impl Clock for TestClock {
    fn wall(&self) -> Timestamp {
        START + self.monotonic()
    }

    fn monotonic(&self) -> Duration {
        let ran = self.started.lock().unwrap().map_or(Duration::ZERO, |s| s.elapsed());
        ran + Duration::from_millis(self.passed_ms.load(Ordering::Relaxed))
    }
}

struct Counting(AtomicU64);

impl Entropy for Counting {
    fn fill(&self, buffer: &mut [u8]) {
        for byte in buffer {
            *byte = self.0.fetch_add(1, Ordering::Relaxed) as u8;
        }
    }
}

/// Connections inside one test. A host that [`TestNetwork::serve`]s hands the other end to the
/// test; every other host is the one that listens, by port.
#[derive(Default)]
pub(crate) struct TestNetwork {
    listeners: Arc<Mutex<BTreeMap<String, mpsc::UnboundedSender<DuplexStream>>>>,
}

impl TestNetwork {
    pub(crate) fn serve(&self, host: &str) -> mpsc::UnboundedReceiver<DuplexStream> {
        let (sender, connections) = mpsc::unbounded_channel();
        self.listeners.lock().unwrap().insert(host.to_owned(), sender);
        connections
    }
}

fn nowhere() -> SocketAddr {
    ([127, 0, 0, 1], 1).into()
}

impl Network for TestNetwork {
    fn connect<'a>(&'a self, host: &'a str, port: u16) -> BoxFuture<'a, io::Result<Stream>> {
        Box::pin(async move {
            let refused = || io::Error::from(io::ErrorKind::ConnectionRefused);
            let listeners = self.listeners.lock().unwrap();
            let sender = listeners.get(host).or_else(|| listeners.get(&format!(":{port}")));
            let (ours, theirs) = tokio::io::duplex(1 << 16);
            sender.ok_or_else(refused)?.send(theirs).map_err(|_| refused())?;
            Ok(Stream::new(ours, nowhere()))
        })
    }

    fn listen(&self, port: u16) -> BoxFuture<'_, io::Result<Box<dyn Listener>>> {
        Box::pin(async move {
            let name = format!(":{port}");
            let taken = self
                .listeners
                .lock()
                .unwrap()
                .get(&name)
                .is_some_and(|d| !d.is_closed());
            if taken {
                return Err(io::ErrorKind::AddrInUse.into());
            }
            let connections = tokio::sync::Mutex::new(self.serve(&name));
            Ok(Box::new(Incoming(connections)) as Box<dyn Listener>)
        })
    }
}

struct Incoming(tokio::sync::Mutex<mpsc::UnboundedReceiver<DuplexStream>>);

impl Listener for Incoming {
    fn accept(&self) -> BoxFuture<'_, io::Result<Stream>> {
        Box::pin(async {
            match self.0.lock().await.recv().await {
                Some(stream) => Ok(Stream::new(stream, nowhere())),
                None => std::future::pending().await,
            }
        })
    }

    fn local_addr(&self) -> SocketAddr {
        nowhere()
    }
}

struct TokioTasks;

impl Tasks for TokioTasks {
    #[expect(
        clippy::disallowed_methods,
        reason = "a test without the simulation has no other executor"
    )]
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        tokio::spawn(task);
    }
}

/// Fails at one moment as often as told, and is as slow as told.
#[derive(Default)]
pub(crate) struct TestStorage {
    fault: Mutex<Option<(StorageMoment, StorageFault, u32)>>,
    /// So many times it goes well before that.
    well: AtomicU64,
    slow: Mutex<Option<Duration>>,
}

impl TestStorage {
    pub(crate) fn fail(&self, at: StorageMoment, fault: StorageFault, times: u32) {
        *self.fault.lock().unwrap() = Some((at, fault, times));
    }

    /// Fails once, after so many times at which it goes well.
    pub(crate) fn fail_after(&self, well: u64, at: StorageMoment, fault: StorageFault) {
        self.well.store(well, Ordering::Relaxed);
        self.fail(at, fault, 1);
    }

    pub(crate) fn slow_by(&self, by: Duration) {
        *self.slow.lock().unwrap() = Some(by);
    }
}

impl Storage for TestStorage {
    fn check(&self, moment: StorageMoment) -> Result<(), StorageFault> {
        let mut planned = self.fault.lock().unwrap();
        match planned.as_mut() {
            Some((at, fault, times)) if *at == moment && *times > 0 => {
                let well = self.well.load(Ordering::Relaxed);
                if well > 0 {
                    self.well.store(well - 1, Ordering::Relaxed);
                    return Ok(());
                }
                *times -= 1;
                Err(*fault)
            }
            _ => Ok(()),
        }
    }

    fn syncing(&self, _: u64) -> Option<BoxFuture<'_, ()>> {
        let by = *self.slow.lock().unwrap();
        by.map(|by| Box::pin(tokio::time::sleep(by)) as BoxFuture<'_, ()>)
    }
}

/// What was marked, in order.
#[derive(Default)]
pub(crate) struct Marks(Mutex<Vec<&'static str>>);

impl Marks {
    pub(crate) fn seen(&self, name: &str) -> usize {
        self.0.lock().unwrap().iter().filter(|m| **m == name).count()
    }
}

impl Probe for Marks {
    fn mark(&self, name: &'static str) {
        self.0.lock().unwrap().push(name);
    }
}

/// A store that fails, hangs, or loses an answer on demand.
pub(crate) struct Flaky {
    store: MemoryStore,
    /// Instead of each call.
    failure: Mutex<Outcome<()>>,
    hanging: AtomicBool,
    lose_next: AtomicBool,
}

impl Flaky {
    pub(crate) fn new(store: MemoryStore) -> Flaky {
        Flaky {
            store,
            failure: Mutex::new(Ok(())),
            hanging: AtomicBool::new(false),
            lose_next: AtomicBool::new(false),
        }
    }

    pub(crate) fn fail(&self, with: Outcome<()>) {
        *self.failure.lock().unwrap() = with;
    }

    pub(crate) fn hang(&self) {
        self.hanging.store(true, Ordering::Relaxed);
    }

    pub(crate) fn lose_next_answer(&self) {
        self.lose_next.store(true, Ordering::Relaxed);
    }

    async fn pass<T>(&self, call: impl Future<Output = Outcome<T>>) -> Outcome<T> {
        if self.hanging.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
        self.failure.lock().unwrap().clone()?;
        let answer = call.await;
        if self.lose_next.swap(false, Ordering::Relaxed) {
            return Err(Failure::Unknown(Cause::ConnectionLost("test".into())));
        }
        answer
    }
}

#[async_trait]
impl AuthStateStore for Flaky {
    async fn put(&self, key: &Key, value: &[u8], ttl: Duration) -> Outcome<()> {
        self.pass(self.store.put(key, value, ttl)).await
    }
    async fn put_if_absent(&self, key: &Key, value: &[u8], ttl: Duration) -> Outcome<bool> {
        self.pass(self.store.put_if_absent(key, value, ttl)).await
    }
    async fn get(&self, key: &Key) -> Outcome<Option<Vec<u8>>> {
        self.pass(self.store.get(key)).await
    }
    async fn take(&self, key: &Key) -> Outcome<Option<Vec<u8>>> {
        self.pass(self.store.take(key)).await
    }
    async fn count(&self, key: &Key, window: Duration) -> Outcome<u64> {
        self.pass(self.store.count(key, window)).await
    }
    async fn renew(&self, key: &Key, holder: &[u8], ttl: Duration) -> Outcome<bool> {
        self.pass(self.store.renew(key, holder, ttl)).await
    }
    async fn release(&self, key: &Key, holder: &[u8]) -> Outcome<bool> {
        self.pass(self.store.release(key, holder)).await
    }
    async fn health(&self) -> Outcome<()> {
        self.pass(self.store.health()).await
    }
    async fn time(&self) -> Outcome<Timestamp> {
        self.pass(self.store.time()).await
    }
}
