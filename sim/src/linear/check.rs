//! The check of all keys.

use super::{Ending, Limits, Operation, Verdict, Verdicts, search::check_key};
use std::collections::BTreeMap;

/// Checks each key by itself.
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
