//! Claims, and how a run is judged by them.

mod attempts;
pub mod marks;
mod reason;
mod succeeds;

pub use attempts::{Attempt, Attempts, End};
pub use reason::{Reason, slug};
pub use succeeds::Succeeds;

use crate::{history::History, operators::Operators, plan::Plan, service::Service};
use serde::{Deserialize, Serialize};
use std::{any::type_name, collections::BTreeMap, fmt, sync::Arc};

/// A claim that did not hold, the evidence and the moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Violation {
    /// Name of the property; whoever judges a run by it fills it in.
    pub property: String,
    /// In which way it did not hold, as a slug without names, times and numbers (`tokens-twice`); empty
    /// if the property knows one way only. Two violations of one property for different reasons are
    /// two bugs: see [`Reason`].
    #[serde(default)]
    pub reason: String,
    /// One sentence: what happened that must not, or what did not happen that must.
    pub what: String,
    /// When it became certain, milliseconds from the start of the run.
    pub at_ms: u64,
    /// Indices of the records that prove it, in [`History::records`].
    pub evidence: Vec<usize>,
}

impl Violation {
    /// What happened that must not, or did not happen that must, and how it is known.
    pub fn new(at_ms: u64, evidence: Vec<usize>, what: impl Into<String>) -> Violation {
        Violation {
            property: String::new(),
            reason: String::new(),
            what: what.into(),
            at_ms,
            evidence,
        }
    }

    /// The same violation, as one of this property if it does not say of which.
    pub(crate) fn of(self, property: String) -> Violation {
        match self.property.is_empty() {
            true => Violation { property, ..self },
            false => self,
        }
    }

    /// The same violation, with its reason: see [`Violation::reason`].
    pub fn because(self, reason: impl Into<String>) -> Violation {
        Violation {
            reason: reason.into(),
            ..self
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} at {:.3} s: {}",
            self.property,
            self.at_ms as f64 / 1000.0,
            self.what
        )
    }
}

/// When a property is to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Safety: at every moment.
    Always,
    /// Liveness: within a bound once everything has healed.
    Eventually,
}

/// What a property may look at.
pub struct Evidence<'a, S: Service> {
    /// The plan that was performed.
    pub plan: &'a Plan<S>,
    /// What was seen.
    pub history: &'a History<S>,
    /// What operators have to go by.
    pub operators: &'a Operators,
}

/// A claim about what can be seen from outside.
pub trait Property<S: Service>: Send + Sync {
    /// Stable name: that of its type, `SeatSoldOnce`, unless it says otherwise. Regressions go by it.
    fn name(&self) -> String {
        let path = type_name::<Self>();
        let path = path.split('<').next().unwrap_or(path);
        path.rsplit("::").next().unwrap_or(path).to_owned()
    }
    /// Safety, unless it says otherwise, or liveness.
    fn kind(&self) -> Kind {
        Kind::Always
    }
    /// One sentence for people.
    fn claim(&self) -> String;
    /// Judges a whole history.
    ///
    /// # Errors
    /// The first violation.
    fn check(&self, evidence: &Evidence<'_, S>) -> Result<(), Violation>;
}

/// A named thing that a sweep must have reached at least once, or it has not tested what it is for.
///
/// A sweep can miss by chance what only some of its runs reach. So a mark declares how rare it is, and counts as not reached
/// only from [`Mark::counts_from`] runs on: then a sweep that misses it by chance is one in a million.
#[derive(Clone)]
pub struct Mark<S: Service> {
    /// One clause: "the master was replaced".
    pub name: &'static str,
    /// Whether a run reached it.
    pub reached: Arc<Reached<S>>,
    /// At least one run in so many reaches it.
    pub one_in: u32,
}

/// A sweep that misses a mark by chance is at most so likely.
const MISSED_BY_CHANCE: f64 = 1e-6;

impl<S: Service> Mark<S> {
    /// What a mark declares that declares nothing: one run in four reaches it.
    pub const ONE_IN: u32 = 4;

    /// From so many runs on, none of which reached it, it counts as not reached: if one run in `n` does, so many runs miss
    /// it with a probability of `(1 - 1/n)^runs`, which is then below one in a million.
    pub fn counts_from(&self) -> usize {
        match self.one_in {
            0 | 1 => 1,
            n => (MISSED_BY_CHANCE.ln() / (-1.0 / f64::from(n)).ln_1p()).ceil() as usize,
        }
    }
}

/// Whether a run reached a mark.
pub type Reached<S> = dyn Fn(&MarkView<'_, S>) -> bool + Send + Sync;

/// What a mark may look at: the history, and the marks that the service itself set, with counts.
pub struct MarkView<'a, S: Service> {
    /// The plan that was performed.
    pub plan: &'a Plan<S>,
    /// What was seen from outside.
    pub history: &'a History<S>,
    /// What the service and the world reported through [`seams::Probe`].
    pub marks: &'a BTreeMap<&'static str, u64>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Shop;

    /// From how many runs on a mark counts, by how rare it is.
    #[test]
    fn a_mark_is_missed_by_chance_once_in_a_million_sweeps() {
        let mark = |one_in| Mark::<Shop> {
            name: "a mark",
            reached: Arc::new(|_| false),
            one_in,
        };
        for (one_in, runs) in [(0, 1), (1, 1), (2, 20), (4, 49), (60, 823)] {
            assert_eq!(mark(one_in).counts_from(), runs, "one in {one_in}");
        }
        for one_in in 2..1000 {
            let (runs, missed) = (mark(one_in).counts_from() as i32, 1.0 - 1.0 / f64::from(one_in));
            assert!(
                missed.powi(runs) <= 1e-6 && missed.powi(runs - 1) > 1e-6,
                "one in {one_in}"
            );
        }
    }
}
