//! The meaning of a run: the facts that decide whether a plan still tests the same.

use crate::{
    history::{Event, Seen},
    property::MarkView,
    run::Run,
    scenario::Scenario,
    service::{Op, Service},
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The meaning of a run; see [the module](super). It may be edited: a mark that does not matter can be deleted from
/// `decisive`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Meaning {
    /// Marks that a replay must reach: the scenario's, and those that the service and the world set.
    pub decisive: BTreeSet<String>,
    /// Faults that were injected while an operation was in flight, described in words.
    pub hit: BTreeSet<String>,
    /// Number of operations of each kind that succeeded, failed, and may have happened: `[ok, failed, unknown]`. The
    /// numbers are for the reader; a replay must only have the same kinds that succeeded.
    pub ended: BTreeMap<String, [u64; 3]>,
}

impl Meaning {
    /// The meaning of a run.
    pub fn of<S: Service>(scenario: &Scenario<S>, run: &Run<S>) -> Meaning {
        let view = MarkView {
            plan: &run.plan,
            history: &run.history,
            marks: &run.marks,
        };
        let reached = scenario.marks().into_iter().filter(|mark| (mark.reached)(&view));
        let mut meaning = Meaning {
            decisive: reached.map(|mark| mark.name.to_owned()).collect(),
            ..Meaning::default()
        };
        let set = run.marks.iter().filter(|(_, times)| **times > 0);
        meaning.decisive.extend(set.map(|(name, _)| (*name).to_owned()));
        for record in &run.history.records {
            match &record.event {
                Event::Fault { fault, in_flight, .. } if *in_flight > 0 && !fault.repairs() => {
                    meaning.hit.insert(fault.to_string());
                }
                Event::Ended { op, seen, .. } => {
                    let counts = meaning.ended.entry(op.kind()).or_default();
                    counts[match seen {
                        Seen::Ok => 0,
                        Seen::Fail(_) => 1,
                        Seen::Unknown(_) => 2,
                    }] += 1;
                }
                _ => {}
            }
        }
        meaning
    }

    /// What the other meaning lacks, described in words; empty if it has the same meaning.
    pub fn lost_in(&self, other: &Meaning) -> Vec<String> {
        let marks = self.decisive.difference(&other.decisive);
        let hits = self.hit.difference(&other.hit);
        let succeeded = |meaning: &Meaning, kind: &str| meaning.ended.get(kind).is_some_and(|[ok, ..]| *ok > 0);
        let kinds = self.ended.keys();
        let kinds = kinds.filter(|kind| succeeded(self, kind) && !succeeded(other, kind));
        marks
            .map(|mark| format!("not reached: {mark}"))
            .chain(hits.map(|fault| format!("hit nobody: {fault}")))
            .chain(kinds.map(|kind| format!("never succeeded: {kind}")))
            .collect()
    }
}
