//! Claims, and how a run is judged by them.

mod reason;

pub use reason::{Reason, slug};

use crate::{history::History, operators::Operators, plan::Plan, service::Service};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt, sync::Arc};

/// A claim that did not hold, the evidence and the moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Violation {
    /// Name of the property.
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
    /// Stable name: `CodeRedeemedOnce`.
    fn name(&self) -> String;
    /// Safety or liveness.
    fn kind(&self) -> Kind;
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
    /// One clause: "a spent code came back on the new master".
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
