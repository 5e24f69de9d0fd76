//! What a service needs from outside itself.
//!
//! A service that is written against these traits reads no clock, opens no socket, starts no thread and draws no
//! random number by itself: it asks an [`Env`], which a simulation and a production server each build in their own
//! way. So the very same code runs in both.
//!
//! Waiting is `tokio::time`: virtual under a simulation's paused runtime, real in production.

mod clock;
mod entropy;
mod network;
mod outcome;
mod probe;
mod storage;
mod tasks;

pub use clock::{Clock, Timestamp};
pub use entropy::{Entropy, random_token};
pub use network::{Io, Listener, Network, Stream};
pub use outcome::{Cause, Failure, Outcome, within};
pub use probe::Probe;
pub use storage::{DatabaseFiles, FileId, Storage, StorageFault, StorageMoment};
pub use tasks::{BoxFuture, Tasks};

use std::{fmt::Display, sync::Arc};

/// The seams as one parameter: passed along, cheap to clone.
#[derive(Clone)]
pub struct Env {
    /// Name of the host this code runs on, for logs and for greetings such as SMTP's EHLO.
    pub host: Arc<str>,
    /// Wall and monotonic time.
    pub clock: Arc<dyn Clock>,
    /// Unpredictable bytes.
    pub entropy: Arc<dyn Entropy>,
    /// TCP.
    pub network: Arc<dyn Network>,
    /// Spawning.
    pub tasks: Arc<dyn Tasks>,
    /// What may go wrong below SQLite.
    pub storage: Arc<dyn Storage>,
    /// Where marks go: metrics in production, coverage in the simulation.
    pub probe: Arc<dyn Probe>,
}

impl Env {
    /// Wall-clock time on this host.
    pub fn now(&self) -> Timestamp {
        self.clock.wall()
    }

    /// Starts a task on this host. It ends by itself or with the host.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(Box::pin(task));
    }

    /// Starts a task without which this process is of no use: see [`Tasks::spawn_vital`].
    pub fn spawn_vital(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn_vital(name, Box::pin(task));
    }

    /// Records that something worth knowing happened; see [`Probe`].
    pub fn mark(&self, name: &'static str) {
        self.probe.mark(name);
    }

    /// Commits one transaction of a database: `work` is all of it, and no task waits in it. For what needs more steps or
    /// tries again, ask [`Storage`] at each [`StorageMoment`].
    ///
    /// # Errors
    /// `Fail` if the disk failed before the commit. `Unknown` if it failed after it, or if `work` itself failed: a database
    /// that reports an error may have written all the same.
    pub async fn commit<T, E: Display>(&self, work: impl FnOnce() -> Result<T, E>) -> Outcome<T> {
        let broken = |error: &dyn Display| Cause::Storage(error.to_string());
        let before = self.storage.check(StorageMoment::BeforeCommit);
        before.map_err(|fault| Failure::Fail(broken(&fault)))?;
        let value = work().map_err(|error| Failure::Unknown(broken(&error)))?;
        let after = self.storage.check(StorageMoment::AfterCommit);
        after.map_err(|fault| Failure::Unknown(broken(&fault)))?;
        if let Some(stall) = self.storage.synced(1) {
            stall.await;
        }
        Ok(value)
    }
}

/// `tokio::select!` in the order written. The bare macro starts at a random branch, drawn from the
/// runtime's own random source, which a run's seed does not control; `ci/test` looks for it.
#[macro_export]
macro_rules! select {
    ($($branches:tt)*) => { ::tokio::select! { biased; $($branches)* } };
}
