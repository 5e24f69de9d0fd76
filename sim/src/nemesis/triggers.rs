//! Waits for the events that trigger faults.

use crate::{calls::Moment, engine::Caller, fault::TimedFault, history::Event, service::Service, trigger::Trigger};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
};

/// The triggers of a plan, each with its state. Clones share them.
#[derive(Clone)]
pub(crate) struct Triggers {
    /// The triggers, by the position of the fault in the plan. Empty for most plans, which then pay nothing for
    /// triggers.
    watched: Arc<Mutex<BTreeMap<usize, Watched>>>,
    none: bool,
    caller: Caller,
}

struct Watched {
    from_ms: u64,
    trigger: Trigger,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Its event must happen this number of times.
    Waiting(u32),
    /// Its event has happened; the fault is due.
    Due,
    Injected {
        at_ms: u64,
    },
    /// Everything healed before the fault could be injected.
    CalledOff,
}

impl Triggers {
    /// Waits for the triggers of these faults.
    pub(crate) fn new<S: Service>(faults: &[TimedFault<S>], caller: Caller) -> Triggers {
        let triggered = faults.iter().enumerate().filter_map(|(place, timed)| {
            let trigger = timed.after.clone()?;
            let state = State::Waiting(trigger.nth.max(1));
            let from_ms = timed.at_ms;
            Some((
                place,
                Watched {
                    from_ms,
                    trigger,
                    state,
                },
            ))
        });
        let watched: BTreeMap<usize, Watched> = triggered.collect();
        Triggers {
            none: watched.is_empty(),
            watched: Arc::new(Mutex::new(watched)),
            caller,
        }
    }

    /// Whether there is nothing to wait for.
    pub(crate) fn is_idle(&self) -> bool {
        self.none
    }

    /// Called for each event of the history.
    pub(crate) fn event<S: Service>(&self, event: &Event<S>) {
        self.happened(|trigger| trigger.is_event(event));
    }

    /// Called when a mark is set.
    pub(crate) fn mark(&self, name: &str) {
        self.happened(|trigger| trigger.is_mark(name));
    }

    /// Called when a process is about to make a call, or has its answer. Returns whether a fault is due at this very
    /// moment.
    pub(crate) fn call(&self, host: &str, call: &str, moment: Moment) -> bool {
        self.happened(|trigger| trigger.is_call(host, call, moment))
    }

    /// Called when a Redis master has executed a write.
    pub(crate) fn write<S: Service>(&self, command: &[u8], key: &[u8]) {
        if !self.none {
            let (command, key) = (String::from_utf8_lossy(command), String::from_utf8_lossy(key));
            self.happened(|trigger| trigger.is_write::<S>(&command, &key));
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<usize, Watched>> {
        self.watched.lock().expect("nobody panics while holding the triggers")
    }

    /// Counts an event; returns whether a fault is due at once.
    fn happened(&self, is_it: impl Fn(&Trigger) -> bool) -> bool {
        if self.none {
            return false;
        }
        let mut at_once = false;
        let now_ms = self.caller.now_ms();
        for (place, watched) in self.lock().iter_mut() {
            let State::Waiting(left) = watched.state else { continue };
            if now_ms < watched.from_ms || !is_it(&watched.trigger) {
                continue;
            }
            watched.state = match left - 1 {
                0 => State::Due,
                left => State::Waiting(left),
            };
            if watched.state == State::Due {
                self.caller.call(now_ms + watched.trigger.offset_ms, *place);
                at_once |= watched.trigger.offset_ms == 0;
            }
        }
        at_once
    }

    /// Whether the due fault is to be injected. It is not if everything has healed since its event.
    pub(super) fn injects(&self, place: usize, at_ms: u64) -> bool {
        let mut watched = self.lock();
        let due = watched.get_mut(&place).filter(|watched| watched.state == State::Due);
        due.map(|watched| watched.state = State::Injected { at_ms }).is_some()
    }

    /// Called when everything heals: faults that have not been injected yet are cancelled. Otherwise the run might
    /// never work again.
    pub(super) fn call_off(&self, now_ms: u64) {
        for watched in self.lock().values_mut() {
            let open = matches!(watched.state, State::Waiting(_) | State::Due);
            if open && watched.from_ms <= now_ms {
                watched.state = State::CalledOff;
            }
        }
    }

    /// When each fault with a trigger was injected, milliseconds, by its position in the plan; `None` if it was not.
    pub(crate) fn injected(&self) -> BTreeMap<usize, Option<u64>> {
        let when = |watched: &Watched| match watched.state {
            State::Injected { at_ms } => Some(at_ms),
            _ => None,
        };
        self.lock()
            .iter()
            .map(|(place, watched)| (*place, when(watched)))
            .collect()
    }
}
