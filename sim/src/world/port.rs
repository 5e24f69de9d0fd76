//! The port of a process of the service, seen from outside: whether it is open, and why not.

use super::{Descriptors, Disk, Installed, Marks, Process, Signals, Start, descriptors::LimitedNetwork, tap::Tap};
use crate::{
    history::{CLOSED_DEGRADED, CLOSED_ENDED, CLOSED_STOPPING, Event},
    overheard::Layer,
    recorder::Recorder,
    service::Service,
};
use seams::{BoxFuture, Env, Listener, Network, Probe, Stream};
use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

/// The mark by which a process says that it closes its port on purpose.
pub const DEGRADED: &str = "replica degraded";
/// The mark by which a process says that it works again.
pub const RECOVERED: &str = "replica recovered";

/// The mark for a process that did not believe a certificate.
pub const CERTIFICATE_REFUSED: &str = "a certificate was refused";
/// The mark for a process that went away because a TLS handshake broke.
pub const HANDSHAKE_BROKEN: &str = "a TLS handshake broke";

/// The software of one of the service's hosts.
pub(super) fn service_main<S: Service, F: Future<Output = ()> + Send + 'static>(
    start: &Start<'_, S>,
    port: u16,
    run: impl Fn(Process<S>, Env) -> F + Send + Sync + 'static,
) -> Installed {
    let lock = S::storage_lock(start.shared());
    let disk = Disk::new(start.caller.clone(), start.number, lock);
    let probe = ServiceProbe {
        marks: start.marks.clone(),
        degraded: Arc::default(),
    };
    let (process, degraded) = (start.process(), probe.degraded.clone());
    let (tap, marks) = (Tap::of(start), start.marks.clone());
    let table = Descriptors::default();
    let descriptors = table.clone();
    let signals = process.signals.clone();
    let (caller, return_number) = (start.caller.clone(), start.return_number);
    let (shared, host) = (start.shared().clone(), start.host.to_owned());
    let main = move |env: Env| {
        degraded.store(false, Ordering::Relaxed);
        descriptors.are_back(u64::MAX);
        process.signals.boot();
        let limited = LimitedNetwork {
            inner: env.network.clone(),
            descriptors: descriptors.clone(),
        };
        let network = Arc::new(WatchedNetwork {
            inner: Arc::new(limited),
            port,
            host: process.host.clone(),
            recorder: process.recorder.clone(),
            degraded: degraded.clone(),
            tap: tap.clone(),
            marks: marks.clone(),
            signals: process.signals.clone(),
        });
        let running = run(process.clone(), Env { network, ..env });
        let (signals, caller) = (process.signals.clone(), caller.clone());
        Box::pin(async move {
            running.await;
            // The process ends at the end of this millisecond, with all its tasks.
            signals.returns();
            caller.call(caller.now_ms(), return_number);
        }) as BoxFuture<'static, ()>
    };
    Installed {
        probe: Some(Arc::new(probe)),
        storage: Some(Arc::new(disk.clone())),
        disk: Some(disk),
        descriptors: Some(table),
        signals: Some(signals),
        ..Installed::new(Box::new(main)).on_power_loss(move || S::power_lost(&shared, &host))
    }
}

/// The marks of one process; it remembers whether the process reported itself degraded.
struct ServiceProbe {
    marks: Marks,
    degraded: Arc<AtomicBool>,
}

impl Probe for ServiceProbe {
    fn mark(&self, name: &'static str) {
        match name {
            DEGRADED => self.degraded.store(true, Ordering::Relaxed),
            RECOVERED => self.degraded.store(false, Ordering::Relaxed),
            _ => {}
        }
        self.marks.mark(name);
    }
}

/// The network of a process; it records when the process's port opens and closes, and what it says to hosts that have a
/// certificate.
struct WatchedNetwork<S: Service> {
    inner: Arc<dyn Network>,
    port: u16,
    host: String,
    recorder: Recorder<S>,
    degraded: Arc<AtomicBool>,
    tap: Tap,
    marks: Marks,
    signals: Signals,
}

impl<S: Service> Network for WatchedNetwork<S> {
    fn connect<'a>(&'a self, host: &'a str, port: u16) -> BoxFuture<'a, io::Result<Stream>> {
        Box::pin(async move {
            let stream = self.inner.connect(host, port).await?;
            Ok(self.tap.listen(stream, Layer::Clear))
        })
    }

    fn secure<'a>(&'a self, stream: Stream, name: &'a str) -> BoxFuture<'a, io::Result<Stream>> {
        Box::pin(async move {
            let secured = self.inner.secure(stream, name).await;
            if let Err(error) = &secured {
                // As rustls says it, and as the model does.
                let is_certificate = error.to_string().starts_with("invalid peer certificate");
                self.marks.mark(if is_certificate {
                    CERTIFICATE_REFUSED
                } else {
                    HANDSHAKE_BROKEN
                });
            }
            Ok(self.tap.listen(secured?, Layer::Encrypted))
        })
    }

    fn listen(&self, port: u16) -> BoxFuture<'_, io::Result<Box<dyn Listener>>> {
        Box::pin(async move {
            let inner = self.inner.listen(port).await?;
            if port != self.port {
                return Ok(inner);
            }
            let watched = WatchedListener {
                inner,
                host: self.host.clone(),
                recorder: self.recorder.clone(),
                degraded: self.degraded.clone(),
                signals: self.signals.clone(),
                open: AtomicBool::new(false),
            };
            Ok(Box::new(watched) as Box<dyn Listener>)
        })
    }
}

struct WatchedListener<S: Service> {
    inner: Box<dyn Listener>,
    host: String,
    recorder: Recorder<S>,
    degraded: Arc<AtomicBool>,
    signals: Signals,
    /// Whether `accept` has been called: a port that is only reserved is not open.
    open: AtomicBool,
}

impl<S: Service> WatchedListener<S> {
    fn note(&self, ready: bool, why: &str) {
        let event = Event::Ready {
            host: self.host.clone(),
            ready,
            why: why.to_owned(),
        };
        self.recorder.note(&self.host, event);
    }
}

impl<S: Service> Listener for WatchedListener<S> {
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

impl<S: Service> Drop for WatchedListener<S> {
    fn drop(&mut self) {
        if !self.open.load(Ordering::Relaxed) {
            return;
        }
        let why = match (self.degraded.load(Ordering::Relaxed), self.signals.is_asked()) {
            (true, _) => CLOSED_DEGRADED,
            (false, true) => CLOSED_STOPPING,
            (false, false) => CLOSED_ENDED,
        };
        self.note(false, why);
    }
}
