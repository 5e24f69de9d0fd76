//! What a property judged in a run, and what its excuses spared.
//!
//! A property that judged nothing holds, and proves nothing. An excuse that spares more than the property judges may
//! hide the next bug. So every property counts both, and the command `excuses` shows the sums over a sweep.

use serde::Serialize;
use std::{borrow::Cow, collections::BTreeMap};

/// The counts of one property. Counting changes neither a verdict nor a fingerprint.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Things that were judged: each of them could have been a violation.
    pub judged: u64,
    /// Things that were not judged, by their excuse.
    pub spared: BTreeMap<Excuse, Spared>,
}

/// An excuse in a few words: `a fault on the way of a sale`.
pub type Excuse = Cow<'static, str>;

/// What one excuse spared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Spared {
    /// Things that were not judged.
    pub things: u64,
    /// Of these, those that would have been violations without the excuse: if there is none in a long sweep, the
    /// excuse is wider than it has to be.
    pub wrong: u64,
}

impl Spared {
    fn add(&mut self, other: Spared) {
        self.things += other.things;
        self.wrong += other.wrong;
    }
}

impl Tally {
    /// Adds the counts of another run.
    pub fn add(&mut self, other: &Tally) {
        self.judged += other.judged;
        for (excuse, spared) in &other.spared {
            self.spare(excuse.clone(), *spared);
        }
    }

    /// The number of things that all excuses together spared.
    pub fn spared(&self) -> u64 {
        self.spared.values().map(|spared| spared.things).sum()
    }

    pub(super) fn spare(&mut self, excuse: Excuse, spared: Spared) {
        self.spared.entry(excuse).or_default().add(spared);
    }
}
