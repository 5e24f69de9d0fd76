//! An [`Env`] outside the simulated network, whose clock does not move and which reaches no host. The world is prepared
//! in it before simulated time begins.

use model_disk::transaction_begins;
use seams::{
    BoxFuture, Clock, Entropy, Env, Listener, Network, Probe, Storage, StorageFault, StorageMoment, Stream, Tasks,
    Timestamp,
};
use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

/// Finishes work of the service's own code, which has nobody to wait for here.
///
/// # Errors
/// What did not work; that it waits, or panics, is such a thing.
pub(super) fn work(work: impl Future<Output = Result<(), String>>) -> Result<(), String> {
    let poll = || pin!(work).poll(&mut Context::from_waker(Waker::noop()));
    match catch_unwind(AssertUnwindSafe(poll)) {
        Ok(Poll::Ready(done)) => done,
        Ok(Poll::Pending) => Err("it waits, and there is nobody to wait for".into()),
        Err(_) => Err("it panics".into()),
    }
}

/// The seams of this environment.
pub(super) fn env(now: Timestamp) -> Env {
    let offline = Arc::new(Offline(now));
    Env {
        host: "offline".into(),
        clock: offline.clone(),
        entropy: offline.clone(),
        network: offline.clone(),
        tasks: offline.clone(),
        storage: offline.clone(),
        probe: offline,
    }
}

struct Offline(Timestamp);

impl Clock for Offline {
    fn wall(&self) -> Timestamp {
        self.0
    }
    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
}

impl Entropy for Offline {
    fn fill(&self, _: &mut [u8]) {
        unreachable!("nothing here is secret");
    }
}

impl Network for Offline {
    fn connect<'a>(&'a self, _: &'a str, _: u16) -> BoxFuture<'a, io::Result<Stream>> {
        Box::pin(async { Err(io::ErrorKind::NetworkUnreachable.into()) })
    }
    fn listen(&self, _: u16) -> BoxFuture<'_, io::Result<Box<dyn Listener>>> {
        Box::pin(async { Err(io::ErrorKind::NetworkUnreachable.into()) })
    }
}

impl Tasks for Offline {
    fn spawn(&self, _: BoxFuture<'static, ()>) {
        unreachable!("nothing here outlives its caller");
    }
}

impl Storage for Offline {
    fn check(&self, moment: StorageMoment) -> Result<(), StorageFault> {
        if moment == StorageMoment::Begin {
            transaction_begins();
        }
        Ok(())
    }
}

impl Probe for Offline {
    fn mark(&self, _: &'static str) {}
}
