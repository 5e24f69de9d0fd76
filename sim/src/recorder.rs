//! Records a run while it goes on: the history, and the information that operators have.

use crate::{
    history::{Event, History, OpId, Record, Seen},
    operators::{ReportedError, Secrets},
    service::{Op, Service},
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

/// Records the history while the run goes on. Clones write to the same history.
pub struct Recorder<S: Service> {
    shared: Arc<Mutex<Shared<S>>>,
}

impl<S: Service> Clone for Recorder<S> {
    fn clone(&self) -> Recorder<S> {
        Recorder {
            shared: self.shared.clone(),
        }
    }
}

type Listener<S> = Arc<dyn Fn(&Event<S>) + Send + Sync>;

struct Shared<S: Service> {
    listener: Option<Listener<S>>,
    history: History<S>,
    next_op: u64,
    next_number: u64,
    open: BTreeMap<OpId, (u64, S::Op)>,
    errors: Vec<ReportedError>,
    secrets: Secrets,
    now_ms: Box<dyn Fn() -> u64 + Send>,
}

impl<S: Service> Recorder<S> {
    /// An empty history; `now_ms` returns simulated time, milliseconds.
    pub fn new(now_ms: impl Fn() -> u64 + Send + 'static) -> Recorder<S> {
        Recorder {
            shared: Arc::new(Mutex::new(Shared {
                listener: None,
                history: History::default(),
                next_op: 1,
                next_number: 1,
                open: Default::default(),
                errors: vec![],
                secrets: Secrets::new(),
                now_ms: Box::new(now_ms),
            })),
        }
    }

    /// Calls a listener with every event that is recorded from now on.
    pub(crate) fn listen(&self, listener: impl Fn(&Event<S>) + Send + Sync + 'static) {
        self.with(|s| s.listener = Some(Arc::new(listener)));
    }

    fn with<R>(&self, f: impl FnOnce(&mut Shared<S>) -> R) -> R {
        f(&mut self.shared.lock().expect("nobody panics while holding the history"))
    }

    /// Records an event.
    pub fn note(&self, who: &str, event: Event<S>) {
        let listening = self.with(|s| {
            let at_ms = (s.now_ms)();
            let listening = s.listener.clone().map(|listener| (listener, event.clone()));
            s.history.records.push(Record {
                at_ms,
                who: who.to_owned(),
                event,
            });
            listening
        });
        if let Some((listener, event)) = listening {
            listener(&event);
        }
    }

    /// A number that is unique in this run. Two observations that belong together can carry it.
    pub fn number(&self) -> u64 {
        self.with(|s| {
            s.next_number += 1;
            s.next_number - 1
        })
    }

    /// Records that somebody begins an operation.
    pub fn begin(&self, who: &str, op: S::Op) -> OpId {
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

    /// Records the outcome of an operation.
    pub fn end(&self, who: &str, id: OpId, seen: Seen) {
        let (op, took_ms) = self.with(|s| {
            let (began_ms, op) = s.open.remove(&id).expect("an operation ends once, after it began");
            (op, (s.now_ms)() - began_ms)
        });
        self.note(who, Event::Ended { id, op, seen, took_ms });
    }

    /// Records that somebody got an error of the service with a reference, and whether they can read the reference.
    pub fn report_error(&self, who: &str, status: u16, reference: &str, shown: bool) {
        self.with(|s| {
            let at_ms = (s.now_ms)();
            s.errors.push(ReportedError {
                at_ms,
                who: who.to_owned(),
                status,
                reference: reference.to_owned(),
                shown,
            });
        });
    }

    /// Records a secret that somebody has got: no log may contain it. It does not become part of the history.
    pub fn secret(&self, kind: &'static str, secret: &str) {
        self.with(|s| {
            if !s.secrets.contains_key(secret) {
                s.secrets.insert(secret.to_owned(), kind);
            }
        });
    }

    /// The errors and the secrets so far.
    pub fn reported(&self) -> (Vec<ReportedError>, Secrets) {
        self.with(|s| (s.errors.clone(), s.secrets.clone()))
    }

    /// Number of operations in flight. Of compound operations only the steps count.
    pub fn in_flight(&self) -> usize {
        self.with(|s| s.open.values().filter(|(_, op)| !op.is_compound()).count())
    }

    /// Records an operation from its beginning to its end, and returns its result.
    ///
    /// # Errors
    /// Its outcome, if it failed or may have happened.
    pub async fn observe<T>(
        &self,
        who: &str,
        op: S::Op,
        work: impl Future<Output = Result<T, Seen>>,
    ) -> Result<T, Seen> {
        let id = self.begin(who, op);
        let result = work.await;
        let seen = result.as_ref().err().cloned().unwrap_or(Seen::Ok);
        self.end(who, id, seen);
        result
    }

    /// The history so far.
    pub fn history(&self) -> History<S> {
        self.with(|s| s.history.clone())
    }

    /// The history of a run that is over. The recorder has none any more.
    pub(crate) fn take_history(&self) -> History<S> {
        self.with(|s| std::mem::take(&mut s.history))
    }
}
