//! Calls from inside a simulation to code outside of it.

use super::Engine;
use std::{
    rc::Rc,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering},
    },
};

/// A handle that calls the engine's handler: see [`Engine::on_call`]. Clones call the same engine.
#[derive(Clone)]
pub struct Caller {
    calls: Arc<Mutex<Vec<(u64, usize)>>>,
    now_ms: Arc<AtomicU64>,
    can_pause: bool,
}

/// The handler of calls: it gets the engine and the number of the call.
pub(super) type OnCall = Rc<dyn Fn(&Engine, usize)>;

impl Caller {
    /// A caller of the engine whose simulated time is `now_ms`.
    pub(crate) fn new(now_ms: Arc<AtomicU64>) -> Caller {
        Caller {
            calls: Arc::default(),
            now_ms,
            can_pause: true,
        }
    }

    /// The same of an engine that cannot pause a host.
    pub(crate) fn without_pauses(self) -> Caller {
        Caller {
            can_pause: false,
            ..self
        }
    }

    /// Whether the engine can pause a host.
    pub(crate) fn can_pause(&self) -> bool {
        self.can_pause
    }

    /// The engine's simulated time, milliseconds.
    pub(crate) fn clock(&self) -> Arc<AtomicU64> {
        self.now_ms.clone()
    }

    /// The calls since the last `take`, in order, each with its time in milliseconds and its number.
    pub(crate) fn take(&self) -> Vec<(u64, usize)> {
        std::mem::take(&mut *self.lock())
    }

    /// Requests call `number` at a simulated time, milliseconds. A call for the current or an earlier time is made at
    /// the end of the current millisecond: after all tasks have been polled, and before anything that they sent
    /// arrives.
    pub fn call(&self, at_ms: u64, number: usize) {
        self.lock().push((at_ms, number));
    }

    /// Simulated time, milliseconds.
    pub fn now_ms(&self) -> u64 {
        self.now_ms.load(Ordering::Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(u64, usize)>> {
        self.calls.lock().expect("no code panics while calling")
    }
}

impl Engine {
    /// A handle with which simulated code calls this engine's handler.
    pub fn caller(&self) -> Caller {
        self.caller.clone()
    }

    /// Sets the handler of calls, which gets the numbers of the calls in the order in which they were requested.
    pub fn on_call(&self, handler: impl Fn(&Engine, usize) + 'static) {
        *self.on_call.borrow_mut() = Some(Rc::new(handler));
    }

    /// Handles the calls for this time and schedules the others; returns whether there was one for now.
    pub(super) fn handle_calls(&self, now_ms: u64) -> bool {
        let calls = self.caller.take();
        let handler = self.on_call.borrow().clone();
        let Some(handler) = handler.filter(|_| !calls.is_empty()) else {
            return false;
        };
        let mut now = false;
        for (at_ms, number) in calls {
            if at_ms <= now_ms {
                handler(self, number);
                now = true;
            } else {
                let handler = handler.clone();
                self.at(at_ms, move |engine| handler(engine, number));
            }
        }
        now
    }
}
