//! What is seen of a replica from outside: the marks it sets, and whether its port is open.

use super::hosts::REPLICA_PORT;
use crate::{history::Event, nemesis::Lookout, recorder::Recorder, simulator};
use seams::{BoxFuture, Listener, Network, Probe, Stream};
use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

/// A mark, its moment and its place. What a process says of itself: good for pictures, never for
/// verdicts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// Simulated time, milliseconds from the start of the run.
    pub at_ms: u64,
    /// On which host.
    pub host: String,
    /// The mark.
    pub mark: &'static str,
}

/// Marks of all hosts. Clones share them.
#[derive(Clone)]
pub(super) struct Marks {
    moments: Arc<Mutex<Vec<Moment>>>,
    lookout: Lookout,
}

impl Marks {
    /// No marks so far; `lookout` hears of each.
    pub(super) fn new(lookout: Lookout) -> Marks {
        Marks {
            moments: Arc::default(),
            lookout,
        }
    }

    /// The counts so far.
    pub(super) fn counts(&self) -> BTreeMap<&'static str, u64> {
        let mut counts = BTreeMap::new();
        for moment in self.moments() {
            *counts.entry(moment.mark).or_default() += 1;
        }
        counts
    }

    /// The marks so far, in order.
    pub(super) fn moments(&self) -> Vec<Moment> {
        self.moments
            .lock()
            .expect("nobody panics while holding the marks")
            .clone()
    }
}

impl Probe for Marks {
    fn mark(&self, name: &'static str) {
        let moment = Moment {
            at_ms: simulator::current_ms().unwrap_or_default(),
            host: simulator::current_host().unwrap_or_default(),
            mark: name,
        };
        self.moments
            .lock()
            .expect("nobody panics while holding the marks")
            .push(moment);
        self.lookout.mark(name);
    }
}

/// The marks of one replica; remembers whether it called itself degraded.
#[derive(Clone)]
pub(super) struct ReplicaProbe {
    pub(super) marks: Marks,
    pub(super) degraded: Arc<AtomicBool>,
}

impl Probe for ReplicaProbe {
    fn mark(&self, name: &'static str) {
        match name {
            "replica degraded" => self.degraded.store(true, Ordering::Relaxed),
            "replica recovered" => self.degraded.store(false, Ordering::Relaxed),
            _ => {}
        }
        self.marks.mark(name);
    }
}

/// A replica's network: notes when the port for people opens and closes.
pub(super) struct WatchedNetwork {
    pub(super) inner: Arc<dyn Network>,
    pub(super) host: &'static str,
    pub(super) recorder: Recorder,
    pub(super) degraded: Arc<AtomicBool>,
}

impl Network for WatchedNetwork {
    fn connect<'a>(&'a self, host: &'a str, port: u16) -> BoxFuture<'a, io::Result<Stream>> {
        self.inner.connect(host, port)
    }

    fn listen(&self, port: u16) -> BoxFuture<'_, io::Result<Box<dyn Listener>>> {
        Box::pin(async move {
            let inner = self.inner.listen(port).await?;
            if port != REPLICA_PORT {
                return Ok(inner);
            }
            let watched = WatchedListener {
                inner,
                host: self.host,
                recorder: self.recorder.clone(),
                degraded: self.degraded.clone(),
                open: AtomicBool::new(false),
            };
            Ok(Box::new(watched) as Box<dyn Listener>)
        })
    }
}

struct WatchedListener {
    inner: Box<dyn Listener>,
    host: &'static str,
    recorder: Recorder,
    degraded: Arc<AtomicBool>,
    /// Whether anybody was let in: a port that is only tried is not open.
    open: AtomicBool,
}

impl WatchedListener {
    fn note(&self, ready: bool, why: &str) {
        let event = Event::Ready {
            host: self.host.to_owned(),
            ready,
            why: why.to_owned(),
        };
        self.recorder.note(self.host, event);
    }
}

impl Listener for WatchedListener {
    fn accept(&self) -> BoxFuture<'_, io::Result<Stream>> {
        if !self.open.swap(true, Ordering::Relaxed) {
            self.note(true, "");
        }
        self.inner.accept()
    }

    fn local_addr(&self) -> SocketAddr {
        self.inner.local_addr()
    }
}

impl Drop for WatchedListener {
    fn drop(&mut self) {
        if !self.open.load(Ordering::Relaxed) {
            return;
        }
        let why = match self.degraded.load(Ordering::Relaxed) {
            true => "it calls itself degraded",
            false => "its process ended",
        };
        self.note(false, why);
    }
}
