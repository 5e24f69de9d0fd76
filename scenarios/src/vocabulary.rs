//! The types of the harness, for this service.

pub use crate::{
    login::{
        AccessOption, Behaviour, ClientsTold, HookOption, Login, Observation, Op, OwnFault, ReminderOption,
        StoreOption, WorldOptions,
    },
    world::Mode,
};
pub use sim::{
    calls::CallRecord,
    history::{OpId, Seen, Tag},
    log::LogLine,
    operators::{Operators, ReportedError, ServiceLine},
    plan::PLAN_VERSION,
    property::{Kind, Property, Violation},
    refusal::Refusal,
    tls::Defect,
    trigger::Trigger,
    world::Persistence,
};

/// Everything that a run depends on, as data.
pub type Plan = sim::plan::Plan<Login>;
/// A behaviour of a person or an attacker, with its time.
pub type Operation = sim::plan::Operation<Login>;
/// A fault, or the end of one.
pub type Fault = sim::fault::Fault<Login>;
/// A fault and its time, or its trigger.
pub type TimedFault = sim::fault::TimedFault<Login>;
/// An event that was observed.
pub type Event = sim::history::Event<Login>;
/// An event with its time and its source.
pub type Record = sim::history::Record<Login>;
/// The whole history of a run, in order.
pub type History = sim::history::History<Login>;
/// Records the history during the run.
pub type Recorder = sim::recorder::Recorder<Login>;
/// The data by which a property may judge.
pub type Evidence<'a> = sim::property::Evidence<'a, Login>;
/// The data by which a mark may be judged.
pub type MarkView<'a> = sim::property::MarkView<'a, Login>;
/// How to perform a plan, and the properties by which to judge the run.
pub type Setup = sim::run::Setup<Login>;
/// A plan that was performed and judged.
pub type Run = sim::run::Run<Login>;
/// A story that each seed varies, with its properties and marks.
pub type Scenario = sim::scenario::Scenario<Login>;
/// The faults of a scenario, with their times.
pub type Faults = sim::scenario::Faults<Login>;
/// A workload: who does what, and when.
pub type Workload = sim::scenario::Workload<Login>;
/// A bug that can be switched on.
pub type PlantedBug = sim::suite::PlantedBug<Login>;
