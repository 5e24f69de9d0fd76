//! Properties, and how they judge a run.

mod attempts;
pub mod marks;
mod reason;
mod succeeds;
mod tally;

pub use attempts::{Attempt, Attempts, End};
pub use reason::{Reason, slug};
pub use succeeds::Succeeds;
pub use tally::{Excuse, Spared, Tally};

use crate::{
    calls::CallRecord, history::History, operators::Operators, overheard::Overheard, plan::Plan, service::Service,
};
use serde::{Deserialize, Serialize};
use std::{any::type_name, cell::RefCell, collections::BTreeMap, fmt, sync::Arc};

/// A property that did not hold, with the evidence and the moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Violation {
    /// Name of the property; filled in when the run is judged.
    pub property: String,
    /// The way in which it did not hold, as a slug without names, times and numbers (`tokens-twice`); empty if there is
    /// only one way. Two violations of one property for different reasons are two bugs: see [`Reason`].
    #[serde(default)]
    pub reason: String,
    /// One sentence: what happened that must not happen, or what did not happen that must.
    pub what: String,
    /// When the violation became certain, milliseconds from the start of the run.
    pub at_ms: u64,
    /// Indices of the records that prove it, in [`History::records`].
    pub evidence: Vec<usize>,
}

impl Violation {
    /// A violation at `at_ms`, milliseconds from the start of the run, without a name and a reason. `evidence` and
    /// `what` are as in the fields of the same names.
    pub fn new(at_ms: u64, evidence: Vec<usize>, what: impl Into<String>) -> Violation {
        Violation {
            property: String::new(),
            reason: String::new(),
            what: what.into(),
            at_ms,
            evidence,
        }
    }

    /// The same violation, with this property's name if it has none.
    pub(crate) fn of(self, property: String) -> Violation {
        match self.property.is_empty() {
            true => Violation { property, ..self },
            false => self,
        }
    }

    /// The same violation with a reason: see [`Violation::reason`].
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

/// When a property must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Safety: at every moment.
    Always,
    /// Liveness: within a bound once all faults have healed.
    Eventually,
}

/// The data by which a property may judge.
pub struct Evidence<'a, S: Service> {
    /// The plan that was performed.
    pub plan: &'a Plan<S>,
    /// The history of the run.
    pub history: &'a History<S>,
    /// The information that operators have.
    pub operators: &'a Operators,
    /// The calls that the service's processes made to their dependencies, and how each ended.
    pub calls: &'a [CallRecord],
    /// What the service's processes said to hosts that have a certificate.
    pub overheard: &'a [Overheard],
    /// How exact its times are: [`EngineKind::exact_to_ms`](crate::simulator::EngineKind::exact_to_ms).
    pub exact_to_ms: u64,
    tally: RefCell<Tally>,
}

impl<'a, S: Service> Evidence<'a, S> {
    /// The evidence of a run, for one property.
    pub fn new(plan: &'a Plan<S>, history: &'a History<S>, operators: &'a Operators) -> Evidence<'a, S> {
        Evidence {
            plan,
            history,
            operators,
            calls: &[],
            overheard: &[],
            exact_to_ms: 1,
            tally: RefCell::default(),
        }
    }

    /// The same with the calls that the service's processes made.
    #[must_use]
    pub fn with_calls(self, calls: &'a [CallRecord]) -> Evidence<'a, S> {
        Evidence { calls, ..self }
    }

    /// The same with what was overheard of them.
    #[must_use]
    pub fn with_overheard(self, overheard: &'a [Overheard]) -> Evidence<'a, S> {
        Evidence { overheard, ..self }
    }

    /// The same of a run whose times are less exact.
    #[must_use]
    pub fn exact_to(self, exact_to_ms: u64) -> Evidence<'a, S> {
        Evidence { exact_to_ms, ..self }
    }

    /// Counts things that are judged: each of them could have been a violation. Operations that the property is not
    /// about are no such things.
    pub fn judged(&self, things: usize) {
        self.tally.borrow_mut().judged += things as u64;
    }

    /// Counts things that are not judged because of an excuse.
    pub fn spared(&self, excuse: impl Into<Excuse>, spared: Spared) {
        if spared.things > 0 {
            self.tally.borrow_mut().spare(excuse.into(), spared);
        }
    }

    /// Counts one thing, as judged or as spared, and returns whether it is a violation: it is `wrong`, and nothing
    /// excuses it.
    pub fn is_violated(&self, wrong: bool, excuse: Option<&'static str>) -> bool {
        match excuse {
            None => self.judged(1),
            Some(excuse) => self.spared(
                excuse,
                Spared {
                    things: 1,
                    wrong: u64::from(wrong),
                },
            ),
        }
        wrong && excuse.is_none()
    }

    /// What was counted so far.
    pub fn tally(&self) -> Tally {
        self.tally.borrow().clone()
    }
}

/// A claim about what can be observed from outside.
pub trait Property<S: Service>: Send + Sync {
    /// Stable name, by default that of its type: `SeatSoldOnce`. Regressions name properties by it.
    fn name(&self) -> String {
        let path = type_name::<Self>();
        let path = path.split('<').next().unwrap_or(path);
        path.rsplit("::").next().unwrap_or(path).to_owned()
    }
    /// Its kind; safety by default.
    fn kind(&self) -> Kind {
        Kind::Always
    }
    /// The claim in one sentence, for people.
    fn claim(&self) -> String;
    /// Judges a whole history, and counts in the evidence what it judges and what it excuses: see [`Tally`].
    ///
    /// # Errors
    /// The first violation.
    fn check(&self, evidence: &Evidence<'_, S>) -> Result<(), Violation>;
}

/// A named event that a sweep must have reached at least once; otherwise it has not tested what it is for.
///
/// A sweep may miss a mark by chance if only some of its runs reach it. So a mark declares how rare it is, and counts
/// as not reached only after [`Mark::counts_from`] runs: then one sweep in a million misses it by chance.
#[derive(Clone)]
pub struct Mark<S: Service> {
    /// A clause: "the master was replaced".
    pub name: &'static str,
    /// Whether a run reached it.
    pub reached: Arc<Reached<S>>,
    /// At least one run in this number reaches it.
    pub one_in: u32,
}

/// The probability with which a sweep may miss a mark by chance.
const MISSED_BY_CHANCE: f64 = 1e-6;

impl<S: Service> Mark<S> {
    /// The default of `one_in`: one run in four reaches it.
    pub const ONE_IN: u32 = 4;

    /// The number of runs after which the mark counts as not reached if none of them reached it. If one run in `n`
    /// reaches it, this number of runs misses it with a probability of `(1 - 1/n)^runs`, which is below one in a
    /// million.
    pub fn counts_from(&self) -> usize {
        match self.one_in {
            0 | 1 => 1,
            n => (MISSED_BY_CHANCE.ln() / (-1.0 / f64::from(n)).ln_1p()).ceil() as usize,
        }
    }
}

/// A function that says whether a run reached a mark.
pub type Reached<S> = dyn Fn(&MarkView<'_, S>) -> bool + Send + Sync;

/// The data by which a mark may be judged: the history, and the marks that the service itself set, with counts.
pub struct MarkView<'a, S: Service> {
    /// The plan that was performed.
    pub plan: &'a Plan<S>,
    /// The history of the run.
    pub history: &'a History<S>,
    /// The marks that the service and the world set through [`seams::Probe`], with counts.
    pub marks: &'a BTreeMap<&'static str, u64>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Shop;

    /// A mark counts as not reached after a number of runs that depends on how rare it is.
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
