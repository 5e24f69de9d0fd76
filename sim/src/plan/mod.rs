//! Plans: everything that a run depends on, as data.

mod file;
pub(crate) mod options;
mod seed;

pub use file::{PlanFileError, position};

use crate::{
    engine::{ArrivalOrder, Order},
    fault::{Fault, TimedFault},
    service::{Behaviour, Service},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The version of the plan format that this build writes. It reads all versions up to this one.
pub const PLAN_VERSION: u32 = 2;

/// Everything that a run depends on, as data. A seed generates a plan. A plan can be written, edited, shrunk and
/// replayed, and remains usable when the generator changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, bound = "")]
pub struct Plan<S: Service> {
    /// Version of the plan format: [`PLAN_VERSION`].
    pub version: u32,
    /// The scenario whose properties judge the run.
    pub scenario: String,
    /// Seed of everything that the plan leaves open: latencies, entropy, think times.
    #[serde(with = "seed")]
    pub seed: u64,
    /// Duration of the run, simulated milliseconds.
    pub lasts_ms: u64,
    /// The planted bug with which the plan was performed. A plan file that names one is not performed without it,
    /// because then the plan would seem to hold. Generated plans have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bug: Option<String>,
    /// The build that wrote the file, if known. Another build may perform the plan differently.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<String>,
    /// The order in which tasks run that can run at the same time.
    #[serde(default, skip_serializing_if = "Order::is_first_come")]
    pub order: Order,
    /// The order in which packets are delivered that arrive in the same millisecond.
    #[serde(default, skip_serializing_if = "ArrivalOrder::is_as_sent")]
    pub arrival_order: ArrivalOrder,
    /// The options of the world.
    pub world: S::World,
    /// The behaviours of people and attackers.
    #[serde(default, rename = "operation")]
    pub operations: Vec<Operation<S>>,
    /// The faults.
    #[serde(default, rename = "fault")]
    pub faults: Vec<TimedFault<S>>,
}

/// The information of a plan file besides the plan itself: two lines that no seed generates, and that a replay must
/// know.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stamp<'a> {
    /// The planted bug: see [`Plan::bug`].
    pub bug: Option<&'a str>,
    /// The build: see [`Plan::build`].
    pub build: Option<&'a str>,
}

/// A behaviour of a person or an attacker, with its time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Operation<S: Service> {
    /// When it begins, milliseconds from the start of the run.
    pub at_ms: u64,
    /// The name of the person or attacker.
    pub who: String,
    /// The behaviour.
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
            arrival_order: ArrivalOrder::AsSent,
            world: S::World::default(),
            operations: vec![],
            faults: vec![],
        }
    }

    /// The same plan with this additional information: see [`Stamp`].
    #[must_use]
    pub fn stamped(&self, stamp: Stamp<'_>) -> Plan<S> {
        Plan {
            bug: stamp.bug.map(str::to_owned),
            build: stamp.build.map(str::to_owned),
            ..self.clone()
        }
    }

    /// All people for whom at least one behaviour is an attack.
    pub fn attackers(&self) -> BTreeSet<&str> {
        let attacks = self.operations.iter().filter(|operation| operation.does.is_attack());
        attacks.map(|operation| operation.who.as_str()).collect()
    }

    /// The time of the last heal, milliseconds from the start of the run; `None` if there is none.
    pub fn healed_at_ms(&self) -> Option<u64> {
        self.faults
            .iter()
            .filter(|f| f.fault == Fault::Heal)
            .map(|f| f.at_ms)
            .max()
    }
}
