//! The marks of a run: named events that the service and the world report.

use crate::{nemesis::Triggers, simulator};
use seams::Probe;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

/// A mark with its time and its host. A mark is what a process says about itself: useful for diagrams, never for
/// verdicts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarkRecord {
    /// Simulated time, milliseconds from the start of the run.
    pub at_ms: u64,
    /// The host that set it.
    pub host: String,
    /// The mark.
    pub mark: &'static str,
}

/// Marks of all hosts. Clones share them.
#[derive(Clone)]
pub(crate) struct Marks {
    records: Arc<Mutex<Vec<MarkRecord>>>,
    triggers: Triggers,
}

impl Marks {
    /// No marks so far; `triggers` are notified of each.
    pub(super) fn new(triggers: Triggers) -> Marks {
        Marks {
            records: Arc::default(),
            triggers,
        }
    }

    /// The counts so far.
    pub(super) fn counts(&self) -> BTreeMap<&'static str, u64> {
        let mut counts = BTreeMap::new();
        for record in self.records() {
            *counts.entry(record.mark).or_default() += 1;
        }
        counts
    }

    /// The marks so far, in order.
    pub(super) fn records(&self) -> Vec<MarkRecord> {
        self.records
            .lock()
            .expect("nobody panics while holding the marks")
            .clone()
    }
}

impl Probe for Marks {
    fn mark(&self, name: &'static str) {
        let record = MarkRecord {
            at_ms: simulator::current_ms().unwrap_or_default(),
            host: simulator::current_host().unwrap_or_default(),
            mark: name,
        };
        self.records
            .lock()
            .expect("nobody panics while holding the marks")
            .push(record);
        self.triggers.mark(name);
    }
}
