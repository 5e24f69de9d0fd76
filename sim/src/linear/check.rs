//! The search for an order that explains all answers.

use super::{Ending, Operation, Verdict, Verdicts, search::check_key};
use std::collections::BTreeMap;

/// How hard to search, and how exactly lifetimes are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// By how much the clocks that decide about expiry may be off, milliseconds.
    pub slack_ms: u64,
    /// How many configurations to look at for each key.
    pub configurations: usize,
}

impl Default for Limits {
    /// A millisecond, for rounding; a hundred thousand configurations, which takes well under a second.
    fn default() -> Limits {
        Limits {
            slack_ms: 1,
            configurations: 100_000,
        }
    }
}

/// Judges each key by itself.
pub fn check(operations: &[Operation], limits: &Limits) -> Verdicts {
    let mut keys: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, operation) in operations.iter().enumerate() {
        keys.entry(&operation.key).or_default().push(index);
    }
    let judged = keys.into_iter().map(|(key, indices)| {
        let of_key: Vec<_> = indices.iter().map(|index| &operations[*index]).collect();
        let verdict = match check_key(&of_key, limits) {
            Verdict::Broken { undone, unexplained } => Verdict::Broken {
                undone: undone.into_iter().map(|index| indices[index]).collect(),
                unexplained: unexplained.into_iter().map(|index| indices[index]).collect(),
            },
            verdict => verdict,
        };
        (key.to_owned(), verdict)
    });
    Verdicts {
        operations: operations.len(),
        unknown: operations.iter().filter(|o| o.ending == Ending::Unknown).count(),
        keys: judged.collect(),
    }
}
