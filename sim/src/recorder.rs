//! Writes down what is seen while a run goes on: the history, and what operators have to go by.

use crate::{
    history::{Event, History, Op, OpId, Record, Seen},
    operators::{Secrets, Told},
};
use std::sync::{Arc, Mutex};

/// Writes the history while the run goes on. Clones write to the same history.
#[derive(Clone)]
pub struct Recorder {
    shared: Arc<Mutex<Shared>>,
}

type Listener = Arc<dyn Fn(&Event) + Send + Sync>;

struct Shared {
    listener: Option<Listener>,
    history: History,
    next_op: u64,
    open: std::collections::BTreeMap<OpId, (u64, Op)>,
    told: Vec<Told>,
    secrets: Secrets,
    now_ms: Box<dyn Fn() -> u64 + Send>,
}

impl Recorder {
    /// An empty history; `now_ms` tells simulated time.
    pub fn new(now_ms: impl Fn() -> u64 + Send + 'static) -> Recorder {
        Recorder {
            shared: Arc::new(Mutex::new(Shared {
                listener: None,
                history: History::default(),
                next_op: 1,
                open: Default::default(),
                told: vec![],
                secrets: Secrets::new(),
                now_ms: Box::new(now_ms),
            })),
        }
    }

    /// Tells somebody every event from now on, as it is noted.
    pub(crate) fn tell(&self, listener: impl Fn(&Event) + Send + Sync + 'static) {
        self.with(|s| s.listener = Some(Arc::new(listener)));
    }

    fn with<R>(&self, f: impl FnOnce(&mut Shared) -> R) -> R {
        f(&mut self.shared.lock().expect("nobody panics while holding the history"))
    }

    /// Notes an event.
    pub fn note(&self, who: &str, event: Event) {
        let heard = self.with(|s| {
            let at_ms = (s.now_ms)();
            let heard = s.listener.clone().map(|listener| (listener, event.clone()));
            s.history.records.push(Record {
                at_ms,
                who: who.to_owned(),
                event,
            });
            heard
        });
        if let Some((listener, event)) = heard {
            listener(&event);
        }
    }

    /// Notes that somebody begins an operation.
    pub fn begin(&self, who: &str, op: Op) -> OpId {
        let id = self.with(|s| {
            let id = OpId(s.next_op);
            s.next_op += 1;
            let at_ms = (s.now_ms)();
            s.open.insert(id, (at_ms, op.clone()));
            id
        });
        self.note(who, Event::Began { id, op });
        id
    }

    /// Notes how an operation ended. `op` replaces what was known when it began, if more is known
    /// now.
    pub fn end(&self, who: &str, id: OpId, seen: Seen) {
        let (op, took_ms) = self.with(|s| {
            let (began_ms, op) = s.open.remove(&id).expect("an operation ends once, after it began");
            (op, (s.now_ms)() - began_ms)
        });
        self.note(who, Event::Ended { id, op, seen, took_ms });
    }

    /// Notes that somebody got an error that the service calls by a reference, and whether it can be read there.
    pub fn tell_error(&self, who: &str, status: u16, reference: &str, shown: bool) {
        self.with(|s| {
            let at_ms = (s.now_ms)();
            s.told.push(Told {
                at_ms,
                who: who.to_owned(),
                status,
                reference: reference.to_owned(),
                shown,
            });
        });
    }

    /// Notes that somebody has a secret in hand, for nobody else to read. It does not become part of the history.
    pub fn holds(&self, kind: &'static str, secret: &str) {
        self.with(|s| {
            if !s.secrets.contains_key(secret) {
                s.secrets.insert(secret.to_owned(), kind);
            }
        });
    }

    /// The errors so far, and the secrets.
    pub fn told(&self) -> (Vec<Told>, Secrets) {
        self.with(|s| (s.told.clone(), s.secrets.clone()))
    }

    /// Operations that have begun and not ended; a whole login counts once, with its steps.
    pub fn in_flight(&self) -> usize {
        self.with(|s| s.open.values().filter(|(_, op)| *op != Op::LogIn).count())
    }

    /// The history so far.
    pub fn history(&self) -> History {
        self.with(|s| s.history.clone())
    }
}
