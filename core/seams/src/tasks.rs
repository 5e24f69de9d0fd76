//! Spawning.

use std::pin::Pin;

/// A boxed future that may move between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Starts tasks. The only way to spawn: `tokio::spawn` would escape the simulation's executor.
pub trait Tasks: Send + Sync {
    /// Starts a task on the current host.
    fn spawn(&self, task: BoxFuture<'static, ()>);
}
