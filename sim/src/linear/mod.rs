//! Linearizability of a shared store, checked on what its clients observed.
//!
//! A store is linearizable if for every operation there is one moment between its call and its answer such that, in the order
//! of these moments, all answers are those of a single sequential store (Herlihy and Wing, *Linearizability:
//! A Correctness Condition for Concurrent Objects*, 1990). The search is that of Wing and Gong (*Testing and Verifying
//! Concurrent Objects*, 1993) with Lowe's cache of visited configurations. Keys are checked one by one, because linearizability is
//! local. An operation whose outcome is unknown may have happened at any moment after its call, or never.
//!
//! If a store is *not* linearizable, the checker reports by how much: the smallest number of operations whose loss explains all
//! answers. A failover of an asynchronously replicated store loses operations in this way.
//!
//! The checker does not depend on the meaning of the stored values.

mod check;
mod limits;
mod model;
mod search;

pub use check::check;
pub use limits::Limits;
pub use search::check_key;

use std::collections::BTreeMap;

/// The moment of a call or an answer. `seq` gives the order, because many happen in one millisecond; `ms` is for lifetimes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct When {
    /// Position in the order of all calls and answers; no two are equal.
    pub seq: u64,
    /// Time, milliseconds.
    pub ms: u64,
}

/// The call of an operation on one key. Values are opaque, except those of counters, which are decimal numbers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Call {
    /// Write, whether or not there is a value.
    Put {
        /// The value.
        value: String,
        /// The value's lifetime, milliseconds.
        ttl_ms: u64,
    },
    /// Write if there is no value; true if it was written.
    PutIfAbsent {
        /// The value.
        value: String,
        /// The value's lifetime, milliseconds.
        ttl_ms: u64,
    },
    /// Read.
    Get,
    /// Read and delete.
    Take,
    /// Add one to a counter; the counter's lifetime starts with the first.
    Count {
        /// The value's lifetime, milliseconds.
        window_ms: u64,
    },
    /// Give the value a new lifetime if it is this one; true if it was.
    Renew {
        /// The value that must be there.
        holder: String,
        /// The new lifetime, milliseconds.
        ttl_ms: u64,
    },
    /// Delete the value if it is this one; true if it was.
    Release {
        /// The value that must be there.
        holder: String,
    },
}

/// The answer to a call.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Answer {
    /// The answer to a put.
    Done,
    /// The answer to a call that is done or not done.
    Flag(bool),
    /// The answer to a get or a take.
    Value(Option<String>),
    /// The answer to a count.
    Counted(u64),
}

/// How an operation ended.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ending {
    /// It happened between its call and this moment, with this answer.
    Answered {
        /// When the answer came.
        at: When,
        /// The answer.
        answer: Answer,
    },
    /// It definitely did not happen and will not happen.
    NotDone,
    /// It may have happened, may still happen, or may never happen: there was no answer, or it was lost, or the caller died.
    Unknown,
}

/// One operation as its client observed it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Operation {
    /// The client.
    pub client: String,
    /// The key.
    pub key: String,
    /// The call.
    pub call: Call,
    /// When the call was made.
    pub began: When,
    /// How it ended.
    pub ending: Ending,
}

/// A kind of loss, as a client of the store observes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Loss {
    /// A value that was written is gone.
    Forgotten,
    /// A value that was taken or released is there again.
    CameBack,
    /// A counter moved back by one.
    CountedBack,
    /// A lifetime that was extended is the old one again.
    Shortened,
}

impl Loss {
    /// The loss that a client observes if an operation is lost.
    pub fn of(call: &Call) -> Loss {
        match call {
            Call::Put { .. } | Call::PutIfAbsent { .. } | Call::Get => Loss::Forgotten,
            Call::Take | Call::Release { .. } => Loss::CameBack,
            Call::Count { .. } => Loss::CountedBack,
            Call::Renew { .. } => Loss::Shortened,
        }
    }
}

/// How the operations on one key can be explained. Numbers are indices into the operations that were checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// By one sequential store.
    Linearizable,
    /// Not by one sequential store. This is the cheapest explanation: as few `unexplained` as possible, then as few `undone`.
    /// Only losses that a client observed are counted; a loss that no later call observed is in no history.
    Broken {
        /// Operations that happened and were lost.
        undone: Vec<usize>,
        /// Operations whose answers are not explained even by that.
        unexplained: Vec<usize>,
    },
    /// Undecided within [`Limits::configurations`].
    TooLarge,
}

/// The verdicts on all keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdicts {
    /// Number of operations checked, on all keys.
    pub operations: usize,
    /// Number of operations with an unknown outcome.
    pub unknown: usize,
    /// The verdict on each key. Indices are into the operations that were given to [`check`].
    pub keys: BTreeMap<String, Verdict>,
}

impl Verdicts {
    /// Whether every key is linearizable.
    pub fn linearizable(&self) -> bool {
        self.keys.values().all(|verdict| *verdict == Verdict::Linearizable)
    }

    /// Number of lost operations by kind of loss. `operations` are those that were checked.
    pub fn losses(&self, operations: &[Operation]) -> BTreeMap<Loss, usize> {
        let mut losses = BTreeMap::new();
        for verdict in self.keys.values() {
            if let Verdict::Broken { undone, .. } = verdict {
                for index in undone {
                    *losses.entry(Loss::of(&operations[*index].call)).or_default() += 1;
                }
            }
        }
        losses
    }

    /// Number of answers without an explanation.
    pub fn unexplained(&self) -> usize {
        let of = |verdict: &Verdict| match verdict {
            Verdict::Broken { unexplained, .. } => unexplained.len(),
            _ => 0,
        };
        self.keys.values().map(of).sum()
    }

    /// Number of keys without a verdict.
    pub fn too_large(&self) -> usize {
        self.keys
            .values()
            .filter(|verdict| **verdict == Verdict::TooLarge)
            .count()
    }
}

#[cfg(test)]
mod tests;
