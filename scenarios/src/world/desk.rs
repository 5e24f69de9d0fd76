//! A place outside the simulated network, where the world is furnished before time begins: an [`Env`]
//! whose clock stands still and which reaches nobody.

use seams::{
    BoxFuture, Clock, Entropy, Env, Listener, Network, Probe, Storage, StorageFault, StorageMoment, Stream, Tasks,
    Timestamp,
};
use std::{
    io,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

/// Finishes work that waits for nobody.
pub(super) fn work<T>(work: impl Future<Output = T>) -> T {
    match pin!(work).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => unreachable!("nothing at the desk is worth waiting for"),
    }
}

/// The desk's seams.
pub(super) fn env(now: Timestamp) -> Env {
    let desk = Arc::new(Desk(now));
    Env {
        host: "desk".into(),
        clock: desk.clone(),
        entropy: desk.clone(),
        network: desk.clone(),
        tasks: desk.clone(),
        storage: desk.clone(),
        probe: desk,
    }
}

struct Desk(Timestamp);

impl Clock for Desk {
    fn wall(&self) -> Timestamp {
        self.0
    }
    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
}

impl Entropy for Desk {
    fn fill(&self, _: &mut [u8]) {
        unreachable!("nothing at the desk is secret");
    }
}

impl Network for Desk {
    fn connect<'a>(&'a self, _: &'a str, _: u16) -> BoxFuture<'a, io::Result<Stream>> {
        Box::pin(async { Err(io::ErrorKind::NetworkUnreachable.into()) })
    }
    fn listen(&self, _: u16) -> BoxFuture<'_, io::Result<Box<dyn Listener>>> {
        Box::pin(async { Err(io::ErrorKind::NetworkUnreachable.into()) })
    }
}

impl Tasks for Desk {
    fn spawn(&self, _: BoxFuture<'static, ()>) {
        unreachable!("nothing at the desk outlives its caller");
    }
}

impl Storage for Desk {
    fn check(&self, _: StorageMoment) -> Result<(), StorageFault> {
        Ok(())
    }
}

impl Probe for Desk {
    fn mark(&self, _: &'static str) {}
}
