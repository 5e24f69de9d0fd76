//! Spawning.

use std::pin::Pin;

/// A boxed future that may move between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Starts tasks. The only way to spawn: `tokio::spawn` would escape the simulation's executor.
pub trait Tasks: Send + Sync {
    /// Starts a task on the current host.
    fn spawn(&self, task: BoxFuture<'static, ()>);

    /// Starts a task without which the process is of no use: if it panics, the process ends, so that whoever watches over it
    /// starts it again. Otherwise it would go on without its background jobs, and nobody would notice.
    fn spawn_vital(&self, name: &'static str, task: BoxFuture<'static, ()>) {
        let _ = name;
        self.spawn(task);
    }
}
