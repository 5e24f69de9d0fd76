//! Histories written by hand, for tests of what a property accepts and what it rejects.

use super::{Event, History, OpId, Record, Seen};
use crate::{fault::Fault, service::Service};

/// A builder for a history; events may be added in any order.
///
/// ```
/// # use sim::{history::{History, HistoryBuilder, Seen}, service::Service};
/// /// Two people buy at the same moment, and both are told that they got it.
/// fn sold_twice<S: Service>(buy: S::Op) -> History<S> {
///     HistoryBuilder::new()
///         .op((100, 180), "ann", buy.clone(), Seen::Ok)
///         .op((120, 160), "bob", buy, Seen::Ok)
///         .history()
/// }
/// ```
pub struct HistoryBuilder<S: Service> {
    records: Vec<Record<S>>,
    invoked: u64,
}

impl<S: Service> Default for HistoryBuilder<S> {
    fn default() -> HistoryBuilder<S> {
        HistoryBuilder {
            records: vec![],
            invoked: 0,
        }
    }
}

impl<S: Service> HistoryBuilder<S> {
    /// A builder without events.
    pub fn new() -> HistoryBuilder<S> {
        HistoryBuilder::default()
    }

    /// Adds an event at a time, milliseconds. `who` is the person or host that it is about.
    pub fn event(mut self, at_ms: u64, who: &str, event: Event<S>) -> HistoryBuilder<S> {
        let who = who.to_owned();
        self.records.push(Record { at_ms, who, event });
        self
    }

    /// Adds a whole operation with its begin and end, milliseconds.
    pub fn op(mut self, (began_ms, ended_ms): (u64, u64), who: &str, op: S::Op, seen: Seen) -> HistoryBuilder<S> {
        self.invoked += 1;
        let id = OpId(self.invoked);
        let began = Event::Began { id, op: op.clone() };
        let took_ms = ended_ms - began_ms;
        let ended = Event::Ended { id, op, seen, took_ms };
        self.event(began_ms, who, began).event(ended_ms, who, ended)
    }

    /// Adds an operation that never ends.
    pub fn unended(mut self, at_ms: u64, who: &str, op: S::Op) -> HistoryBuilder<S> {
        self.invoked += 1;
        let id = OpId(self.invoked);
        self.event(at_ms, who, Event::Began { id, op })
    }

    /// Adds an event that a Sentinel reported.
    pub fn sentinel(self, at_ms: u64, host: &str, says: &str) -> HistoryBuilder<S> {
        let says = says.to_owned();
        let event = Event::Sentinel {
            host: host.to_owned(),
            says,
        };
        self.event(at_ms, host, event)
    }

    /// Adds a fault, with the number of operations in flight.
    pub fn fault(self, at_ms: u64, fault: Fault<S>, in_flight: usize) -> HistoryBuilder<S> {
        let after = None;
        let event = Event::Fault {
            fault,
            in_flight,
            after,
        };
        self.event(at_ms, "nemesis", event)
    }

    /// The history, in order of time. Events at the same time keep the order in which they were added.
    pub fn history(mut self) -> History<S> {
        self.records.sort_by_key(|record| record.at_ms);
        History { records: self.records }
    }
}
