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
#[derive(Clone)]
pub struct Mark<S: Service> {
    /// One clause: "the master was replaced".
    pub name: &'static str,
    /// Whether a run reached it.
    pub reached: Arc<Reached<S>>,
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
