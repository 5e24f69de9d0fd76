//! Waits for what faults are aimed at.

use crate::{aim::Aim, engine::Caller, fault::TimedFault, history::Event};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
};

/// The aims of a plan, and what has become of each. Clones share them.
#[derive(Clone)]
pub(crate) struct Lookout {
    /// By the place of the fault in the plan; empty for most plans, which then pay nothing.
    watched: Arc<Mutex<BTreeMap<usize, Watched>>>,
    none: bool,
    caller: Caller,
}

struct Watched {
    from_ms: u64,
    aim: Aim,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// So many times more.
    Waiting(u32),
    /// It came; the fault is due.
    Due,
    Struck {
        at_ms: u64,
    },
    /// Everything healed before it could strike.
    CalledOff,
}

impl Lookout {
    /// Waits for the aims of these faults.
    pub(crate) fn new(faults: &[TimedFault], caller: Caller) -> Lookout {
        let aimed = faults.iter().enumerate().filter_map(|(place, timed)| {
            let aim = timed.after.clone()?;
            let state = State::Waiting(aim.nth.max(1));
            let from_ms = timed.at_ms;
            Some((place, Watched { from_ms, aim, state }))
        });
        let watched: BTreeMap<usize, Watched> = aimed.collect();
        Lookout {
            none: watched.is_empty(),
            watched: Arc::new(Mutex::new(watched)),
            caller,
        }
    }

    /// Whether there is nothing to wait for.
    pub(crate) fn is_idle(&self) -> bool {
        self.none
    }

    /// Something was seen.
    pub(crate) fn event(&self, event: &Event) {
        self.heard(|aim| aim.event.is_event(event));
    }

    /// A mark was reached.
    pub(crate) fn mark(&self, name: &str) {
        self.heard(|aim| aim.event.is_mark(name));
    }

    /// A Redis master executed a write.
    pub(crate) fn write(&self, command: &[u8], key: &[u8]) {
        if !self.none {
            let (command, key) = (String::from_utf8_lossy(command), String::from_utf8_lossy(key));
            self.heard(|aim| aim.event.is_write(&command, &key));
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<usize, Watched>> {
        self.watched.lock().expect("nobody panics while holding the aims")
    }

    fn heard(&self, is_it: impl Fn(&Aim) -> bool) {
        if self.none {
            return;
        }
        let now_ms = self.caller.now_ms();
        for (place, watched) in self.lock().iter_mut() {
            let State::Waiting(left) = watched.state else { continue };
            if now_ms < watched.from_ms || !is_it(&watched.aim) {
                continue;
            }
            watched.state = match left - 1 {
                0 => State::Due,
                left => State::Waiting(left),
            };
            if watched.state == State::Due {
                self.caller.call(now_ms + watched.aim.offset_ms, *place);
            }
        }
    }

    /// Whether the fault that is due strikes: it does not if everything has healed since its event.
    pub(super) fn strikes(&self, place: usize, at_ms: u64) -> bool {
        let mut watched = self.lock();
        let due = watched.get_mut(&place).filter(|watched| watched.state == State::Due);
        due.map(|watched| watched.state = State::Struck { at_ms }).is_some()
    }

    /// Everything heals: what was to strike before, and has not, never will, or the run would never
    /// be well again.
    pub(super) fn call_off(&self, now_ms: u64) {
        for watched in self.lock().values_mut() {
            let open = matches!(watched.state, State::Waiting(_) | State::Due);
            if open && watched.from_ms <= now_ms {
                watched.state = State::CalledOff;
            }
        }
    }

    /// When each aimed fault struck, by its place in the plan; `None` if it did not.
    pub(crate) fn struck(&self) -> BTreeMap<usize, Option<u64>> {
        let when = |watched: &Watched| match watched.state {
            State::Struck { at_ms } => Some(at_ms),
            _ => None,
        };
        self.lock()
            .iter()
            .map(|(place, watched)| (*place, when(watched)))
            .collect()
    }
}
