//! An environment for tests: a clock that stands until moved, no network, a disk that fails on
//! demand.

use crate::seams::{
    BoxFuture, Clock, Entropy, Env, Listener, Network, Probe, Storage, StorageFault, StorageMoment, Stream, Tasks,
    Timestamp,
};
use std::{
    collections::BTreeMap,
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

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
            entropy: Arc::new(Counting(AtomicU64::new(host.len() as u64))),
            network: self.network.clone(),
            tasks: Arc::new(TokioTasks),
            storage: self.storage.clone(),
            probe: self.marks.clone(),
        }
    }
}

/// Stands still until [`TestClock::pass`], or runs with tokio's virtual time after
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

/// Streams that the test holds the other end of.
#[derive(Default)]
pub(crate) struct TestNetwork {
    /// Who is listening: gets the server's end of each connection. Nobody else can be reached.
    listening: Mutex<BTreeMap<String, tokio::sync::mpsc::UnboundedSender<tokio::io::DuplexStream>>>,
}

impl TestNetwork {
    pub(crate) fn serve(&self, host: &str) -> tokio::sync::mpsc::UnboundedReceiver<tokio::io::DuplexStream> {
        let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
        self.listening.lock().unwrap().insert(host.to_owned(), sender);
        receiver
    }
}

impl Network for TestNetwork {
    fn connect<'a>(&'a self, host: &'a str, _port: u16) -> BoxFuture<'a, io::Result<Stream>> {
        Box::pin(async move {
            let refused = || io::Error::from(io::ErrorKind::ConnectionRefused);
            let listening = self.listening.lock().unwrap();
            let (ours, theirs) = tokio::io::duplex(1 << 16);
            listening
                .get(host)
                .ok_or_else(refused)?
                .send(theirs)
                .map_err(|_| refused())?;
            Ok(Stream::new(ours, "127.0.0.1:1".parse().expect("an address")))
        })
    }

    fn listen(&self, _port: u16) -> BoxFuture<'_, io::Result<Box<dyn Listener>>> {
        Box::pin(async { Err(io::ErrorKind::AddrInUse.into()) })
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

/// Fails at one moment as often as told.
#[derive(Default)]
pub(crate) struct TestStorage {
    fault: Mutex<Option<(StorageMoment, StorageFault, u32)>>,
}

impl TestStorage {
    pub(crate) fn fail(&self, at: StorageMoment, fault: StorageFault, times: u32) {
        *self.fault.lock().unwrap() = Some((at, fault, times));
    }
}

impl Storage for TestStorage {
    fn check(&self, moment: StorageMoment) -> Result<(), StorageFault> {
        let mut planned = self.fault.lock().unwrap();
        match planned.as_mut() {
            Some((at, fault, times)) if *at == moment && *times > 0 => {
                *times -= 1;
                Err(*fault)
            }
            _ => Ok(()),
        }
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
