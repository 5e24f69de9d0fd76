//! Linearizability of a shared store, from what its clients saw.
//!
//! A store is linearizable if every operation can be thought to happen at one moment between its call and its answer,
//! such that all answers are those of a single store that does one thing at a time (Herlihy and Wing, *Linearizability:
//! A Correctness Condition for Concurrent Objects*, 1990). The search is that of Wing and Gong (*Testing and Verifying
//! Concurrent Objects*, 1993) with Lowe's memory of where it has been; keys are judged one by one, because
//! linearizability is local. An operation whose outcome is unknown may have happened at any moment after its call, or
//! never.
//!
//! Where a store is *not* linearizable, the checker says by how much: the fewest operations that must have been taken
//! back for all answers to make sense. That is what a failover of an asynchronously replicated store does.
//!
//! Nothing here knows what is kept in the store, or why.

mod check;
mod limits;
mod model;
mod search;

pub use check::check;
pub use limits::Limits;
pub use search::check_key;

use std::collections::BTreeMap;

/// When something happened. Which of two things happened first is told by `seq`, for many happen in one millisecond;
/// `ms` is for lifetimes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct When {
    /// Position in the order of all calls and answers; no two are equal.
    pub seq: u64,
    /// Time, milliseconds.
    pub ms: u64,
}

/// What was asked of one key. Values are opaque, but for those of counters, which are decimal numbers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Call {
    /// Write, whatever was there.
    Put {
        /// What.
        value: String,
        /// Its lifetime, milliseconds.
        ttl_ms: u64,
    },
    /// Write unless there is something; true if it was written.
    PutIfAbsent {
        /// What.
        value: String,
        /// Its lifetime, milliseconds.
        ttl_ms: u64,
    },
    /// Read.
    Get,
    /// Read and delete.
    Take,
    /// Count one more; the counter's lifetime starts with the first.
    Count {
        /// Its lifetime, milliseconds.
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

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Answer {
    /// To a put.
    Done,
    /// To whatever is done or not done.
    Flag(bool),
    /// To a get or a take.
    Value(Option<String>),
    /// To a count.
    Counted(u64),
}

/// What an operation came to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ending {
    /// It happened between its call and this moment, and this came back.
    Answered {
        /// When the answer was there.
        at: When,
        /// What came back.
        answer: Answer,
    },
    /// It definitely did not happen, and never will.
    NotDone,
    /// It may have happened, may yet happen, or never will: no answer, a lost one, or a caller that died.
    Unknown,
}

/// One operation as its client saw it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Operation {
    /// Who asked.
    pub client: String,
    /// Of which key.
    pub key: String,
    /// What.
    pub call: Call,
    /// When it was asked.
    pub began: When,
    /// What it came to.
    pub ending: Ending,
}

/// What was taken back, as those who use the store would say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Loss {
    /// A value that was written was gone.
    Forgotten,
    /// A value that was taken or released was there again.
    CameBack,
    /// A counter went back by one.
    CountedBack,
    /// A lifetime that was prolonged was the old one again.
    Shortened,
}

impl Loss {
    /// What it means to take an operation back.
    pub fn of(call: &Call) -> Loss {
        match call {
            Call::Put { .. } | Call::PutIfAbsent { .. } | Call::Get => Loss::Forgotten,
            Call::Take | Call::Release { .. } => Loss::CameBack,
            Call::Count { .. } => Loss::CountedBack,
            Call::Renew { .. } => Loss::Shortened,
        }
    }
}

/// How the operations on one key are to be explained. Numbers are indices into what was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// By one store that does one thing at a time.
    Linearizable,
    /// Not so. The cheapest explanation: first as few `unexplained` as possible, then as few `undone`. It counts only
    /// what somebody noticed; what was lost and never asked for again is in no history.
    Broken {
        /// Operations that happened and were taken back.
        undone: Vec<usize>,
        /// Answers that not even that explains.
        unexplained: Vec<usize>,
    },
    /// Not found out within [`Limits::configurations`]; neither a conviction nor an acquittal.
    TooLarge,
}

/// The verdicts on all keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdicts {
    /// How many operations were looked at, on all keys.
    pub operations: usize,
    /// How many of them are of unknown outcome.
    pub unknown: usize,
    /// By key. Indices are into the operations that were given to [`check`].
    pub keys: BTreeMap<String, Verdict>,
}

impl Verdicts {
    /// Whether every key is explained by one store that does one thing at a time.
    pub fn linearizable(&self) -> bool {
        self.keys.values().all(|verdict| *verdict == Verdict::Linearizable)
    }

    /// How many operations were taken back, by what that means. `operations` are those that were checked.
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

    /// How many answers nothing explains.
    pub fn unexplained(&self) -> usize {
        let of = |verdict: &Verdict| match verdict {
            Verdict::Broken { unexplained, .. } => unexplained.len(),
            _ => 0,
        };
        self.keys.values().map(of).sum()
    }

    /// How many keys could not be judged.
    pub fn too_large(&self) -> usize {
        self.keys
            .values()
            .filter(|verdict| **verdict == Verdict::TooLarge)
            .count()
    }
}

#[cfg(test)]
mod tests;
