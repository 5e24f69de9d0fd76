//! All that a run depends on, as data.

mod file;
pub(crate) mod options;
mod seed;

pub use file::{PlanFileError, position};

use crate::{
    engine::Order,
    fault::{Fault, TimedFault},
    service::{Behaviour, Service},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The version of the plan format that this build writes. It reads all versions up to this one.
pub const PLAN_VERSION: u32 = 2;

/// All that a run depends on, as data. A seed generates a plan; a plan can be written, edited,
/// shrunk and replayed, and outlives changes of the generator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, bound = "")]
pub struct Plan<S: Service> {
    /// Format of this file: [`PLAN_VERSION`].
    pub version: u32,
    /// The scenario whose properties judge the run.
    pub scenario: String,
    /// Seed of everything that the plan leaves open: latencies, entropy, think times.
    #[serde(with = "seed")]
    pub seed: u64,
    /// How long the run lasts, in simulated milliseconds.
    pub lasts_ms: u64,
    /// The planted bug that the plan was performed with. A plan of a file that names one is not performed without it: what
    /// it shows would seem to hold. Plans that were drawn have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bug: Option<String>,
    /// The build that wrote the file, if it knew itself. Another one may perform the plan otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<String>,
    /// In which order tasks run that can run at the same time.
    #[serde(default, skip_serializing_if = "Order::is_first_come")]
    pub order: Order,
    /// The world.
    pub world: S::World,
    /// What people and attackers do.
    #[serde(default, rename = "operation")]
    pub operations: Vec<Operation<S>>,
    /// Which faults are injected.
    #[serde(default, rename = "fault")]
    pub faults: Vec<TimedFault<S>>,
}

/// What a file says of its plan besides the plan: the two lines that a run is not drawn from, and that a replay must know.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stamp<'a> {
    /// The planted bug: see [`Plan::bug`].
    pub bug: Option<&'a str>,
    /// The build: see [`Plan::build`].
    pub build: Option<&'a str>,
}

/// One thing that somebody does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Operation<S: Service> {
    /// When it begins, milliseconds from the start of the run.
    pub at_ms: u64,
    /// Who does it: a person's name, or an attacker's.
    pub who: String,
    /// What.
    #[serde(flatten)]
    pub does: S::Behaviour,
}

impl<S: Service> Plan<S> {
    /// An empty plan: nobody does anything and nothing breaks, in a world of default options.
    pub fn new(scenario: impl Into<String>, seed: u64, lasts_ms: u64) -> Plan<S> {
        Plan {
            version: PLAN_VERSION,
            scenario: scenario.into(),
            seed,
            lasts_ms,
            bug: None,
            build: None,
            order: Order::FirstCome,
            world: S::World::default(),
            operations: vec![],
            faults: vec![],
        }
    }

    /// The same plan with what a file says besides: see [`Stamp`].
    #[must_use]
    pub fn stamped(&self, stamp: Stamp<'_>) -> Plan<S> {
        Plan {
            bug: stamp.bug.map(str::to_owned),
            build: stamp.build.map(str::to_owned),
            ..self.clone()
        }
    }

    /// Everybody whose behaviour is an attack at least once.
    pub fn attackers(&self) -> BTreeSet<&str> {
        let attacks = self.operations.iter().filter(|operation| operation.does.is_attack());
        attacks.map(|operation| operation.who.as_str()).collect()
    }

    /// When everything heals for the last time, if it does.
    pub fn healed_at_ms(&self) -> Option<u64> {
        self.faults
            .iter()
            .filter(|f| f.fault == Fault::Heal)
            .map(|f| f.at_ms)
            .max()
    }
}
