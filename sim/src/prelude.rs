//! The items that most files of a suite need: `use sim::prelude::*;`.
//!
//! The traits `Behaviour`, `Op`, `Observation` and `ServiceFault` are not here: a service has types of its own by these
//! names, and implements `sim::service::Op` for its `Op`.

pub use crate::{
    calls::{CallError, CallSite},
    fault::Fault,
    history::{Event, History, Seen},
    plan::{Operation, Plan},
    property::{Attempt, Evidence, Kind, MarkView, Property, Succeeds, Violation, marks},
    scenario::{
        Dice, Faults, Scenario, Swarm, Workload, acknowledgement_lost, bad_certificate, clock_jump, cut, cut_one_way,
        disk_fails, disk_slow, kill, latency, latency_spike, loss, mend, ms, no_descriptors, pause, power_loss,
        redis_refuses, resume, secs, sentinel_refuses, start, stop,
    },
    service::{BadValue, NoOptions, Nothing, Service, WorldOptions},
    suite::{PlantedBug, Suite},
    world::{
        Answer, Host, HostKind, NginxOptions, Persistence, Process, RedisOptions, Scene, SentinelOptions, Start, World,
        join_all,
    },
};
pub use seams::{Env, Outcome};
pub use serde::{Deserialize, Serialize};
pub use std::{process::ExitCode, sync::Arc};
