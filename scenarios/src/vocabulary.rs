//! The harness's words, for this service.

pub use crate::{
    login::{Behaviour, Login, Observation, Op, OwnFault, ReminderOption, StoreOption, WorldOptions},
    world::Mode,
};
pub use sim::{
    history::{OpId, Seen, Tag},
    log::LogLine,
    operators::{Operators, ReportedError, ServiceLine},
    plan::PLAN_VERSION,
    property::{Kind, Property, Violation},
    trigger::Trigger,
    world::Persistence,
};

/// All that a run depends on, as data.
pub type Plan = sim::plan::Plan<Login>;
/// One thing that somebody does.
pub type Operation = sim::plan::Operation<Login>;
/// One fault, or the end of one.
pub type Fault = sim::fault::Fault<Login>;
/// A fault and its time, or its trigger.
pub type TimedFault = sim::fault::TimedFault<Login>;
/// Something that was seen.
pub type Event = sim::history::Event<Login>;
/// An event, its moment and its place.
pub type Record = sim::history::Record<Login>;
/// The whole history of a run, in order.
pub type History = sim::history::History<Login>;
/// Records the history while the run goes on.
pub type Recorder = sim::recorder::Recorder<Login>;
/// What a property may look at.
pub type Evidence<'a> = sim::property::Evidence<'a, Login>;
/// What a mark may look at.
pub type MarkView<'a> = sim::property::MarkView<'a, Login>;
/// How a plan is performed, and what the run is judged by.
pub type Setup = sim::run::Setup<Login>;
/// A plan, performed and judged.
pub type Run = sim::run::Run<Login>;
/// A story that a seed tells in its own way, and what is claimed of it.
pub type Scenario = sim::scenario::Scenario<Login>;
/// Which faults are injected, and when.
pub type Faults = sim::scenario::Faults<Login>;
/// Who does what, and when.
pub type Workload = sim::scenario::Workload<Login>;
/// A mistake that can be switched on.
pub type PlantedBug = sim::suite::PlantedBug<Login>;
