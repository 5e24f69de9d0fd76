//! How a process of the service is asked to end (SIGTERM, signal(7)).

use std::{
    future::pending,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio::sync::watch;

/// The signals of a process. Clones are those of the same process. Each boot begins without a handler.
#[derive(Clone, Default)]
pub struct Signals(Arc<State>);

#[derive(Default)]
struct State {
    /// The other ends of the handlers.
    handler: Mutex<Option<watch::Sender<()>>>,
    /// Whether this boot was asked to end.
    asked: AtomicBool,
    /// Whether the main function of this boot has returned.
    returned: AtomicBool,
    /// Whether it returned without having finished.
    interrupted: AtomicBool,
}

/// A handler of the signal that asks the process to end.
pub struct StopSignal(watch::Receiver<()>);

impl StopSignal {
    /// Waits for the next signal. Several that come before this is called again are one, as with real signals.
    pub async fn next(&mut self) {
        if self.0.changed().await.is_err() {
            pending().await // the process is gone
        }
    }
}

impl Signals {
    /// Installs a handler: from now on the process learns that it is to end, and ends when its main function returns.
    /// Without a handler the signal ends it at once, which is the default action of SIGTERM.
    pub fn on_stop(&self) -> StopSignal {
        StopSignal(self.handler().get_or_insert_default().subscribe())
    }

    /// Asks the process to end; false if it has no handler.
    pub(crate) fn stop(&self) -> bool {
        self.0.asked.store(true, Ordering::Relaxed);
        let handler = self.handler();
        if let Some(handler) = &*handler {
            handler.send_replace(());
        }
        handler.is_some()
    }

    /// Whether it was asked to end.
    pub(super) fn is_asked(&self) -> bool {
        self.0.asked.load(Ordering::Relaxed)
    }

    /// A new process begins.
    pub(super) fn boot(&self) {
        *self.handler() = None;
        self.0.asked.store(false, Ordering::Relaxed);
        self.0.returned.store(false, Ordering::Relaxed);
        self.0.interrupted.store(false, Ordering::Relaxed);
    }

    /// Its main function returns.
    pub(super) fn returns(&self) {
        self.0.returned.store(true, Ordering::Relaxed);
    }

    /// Whether the main function of this boot has returned.
    pub(crate) fn has_returned(&self) -> bool {
        self.0.returned.load(Ordering::Relaxed)
    }

    /// Says that the process is about to return although its orderly end is not finished, for it was asked once more: as
    /// a program does that exits with the status of an interrupted one. The history says so of its end
    /// ([`INTERRUPTED`](crate::history::INTERRUPTED)).
    pub fn interrupt(&self) {
        self.0.interrupted.store(true, Ordering::Relaxed);
    }

    /// Whether this boot left its orderly end unfinished.
    pub(crate) fn is_interrupted(&self) -> bool {
        self.0.interrupted.load(Ordering::Relaxed)
    }

    fn handler(&self) -> MutexGuard<'_, Option<watch::Sender<()>>> {
        self.0.handler.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_handler_learns_of_each_signal_and_ends_with_its_process() {
        let signals = Signals::default();
        assert!(!signals.stop(), "nobody handles it");
        let mut handler = signals.on_stop();
        assert!(signals.stop() && signals.is_asked());
        handler.next().await;
        signals.stop();
        handler.next().await;
        signals.boot();
        assert!(!signals.is_asked() && !signals.stop(), "a new process has no handler");
    }
}
