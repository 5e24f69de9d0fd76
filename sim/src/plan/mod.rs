//! All that a run depends on, as data.

mod file;
pub(crate) mod options;
mod seed;

pub use file::{PlanFileError, position};

use crate::{
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
    /// The world.
    pub world: S::World,
    /// What people and attackers do.
    #[serde(default, rename = "operation")]
    pub operations: Vec<Operation<S>>,
    /// Which faults are injected.
    #[serde(default, rename = "fault")]
    pub faults: Vec<TimedFault<S>>,
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
            world: S::World::default(),
            operations: vec![],
            faults: vec![],
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
