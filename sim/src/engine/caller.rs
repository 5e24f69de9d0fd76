//! How what happens inside a simulation has something done from outside of it.

use super::Engine;
use std::{
    rc::Rc,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering},
    },
};

/// Calls the engine: see [`Engine::on_call`]. Clones call the same engine.
#[derive(Clone)]
pub struct Caller {
    calls: Arc<Mutex<Vec<(u64, usize)>>>,
    now_ms: Arc<AtomicU64>,
}

/// What is done with a call.
pub(super) type OnCall = Rc<dyn Fn(&Engine, usize)>;

impl Caller {
    /// Calls an engine whose time is there, milliseconds.
    pub(crate) fn new(now_ms: Arc<AtomicU64>) -> Caller {
        let calls = Arc::default();
        Caller { calls, now_ms }
    }

    /// Where simulated time is, milliseconds.
    pub(crate) fn clock(&self) -> Arc<AtomicU64> {
        self.now_ms.clone()
    }

    /// The calls since they were taken last, in their order: for when, and the number.
    pub(crate) fn take(&self) -> Vec<(u64, usize)> {
        std::mem::take(&mut *self.lock())
    }

    /// Asks for call `number` at a time of the simulation, milliseconds. A call for a time that has come
    /// is answered at the end of the millisecond under way: when every task has done what it can, and
    /// before anything that was sent meanwhile arrives.
    pub fn call(&self, at_ms: u64, number: usize) {
        self.lock().push((at_ms, number));
    }

    /// Simulated time, milliseconds.
    pub fn now_ms(&self) -> u64 {
        self.now_ms.load(Ordering::Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(u64, usize)>> {
        self.calls.lock().expect("nobody panics while calling")
    }
}

impl Engine {
    /// Who calls this engine from inside of the simulation.
    pub fn caller(&self) -> Caller {
        self.caller.clone()
    }

    /// What is done with calls: the handler gets their numbers, in the order of the calls.
    pub fn on_call(&self, handler: impl Fn(&Engine, usize) + 'static) {
        *self.on_call.borrow_mut() = Some(Rc::new(handler));
    }

    /// Answers the calls for this time and puts the others down for theirs; whether there was any for now.
    pub(super) fn answer_calls(&self, now_ms: u64) -> bool {
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
