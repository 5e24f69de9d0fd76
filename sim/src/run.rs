//! A plan, performed.

use crate::{
    classic::{self, Misfit},
    engine::{EngineError, Stats},
    history::History,
    log::{self, LogFilterError, LogLine},
    messages::{self, Message},
    nemesis::{self, PlanError},
    operators::{self, Operators},
    plan::Plan,
    property::{Evidence, Property, Violation},
    recorder::Recorder,
    shrink,
    simulator::EngineKind,
    world::{Inhabitants, Moment, Rewire, Workload, World},
};
use serde::{Serialize, Serializer};
use std::{
    collections::BTreeMap,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};
use thiserror::Error;
use xxhash_rust::xxh3::Xxh3;

/// Who and what a plan is performed with.
#[derive(Clone)]
pub struct Setup {
    /// What performs it.
    pub engine: EngineKind,
    /// What the host `people` does with its operations.
    pub people: Workload,
    /// What the host `attackers` does with its operations.
    pub attackers: Workload,
    /// Wraps the parts of each replica at each of its boots.
    pub rewire: Option<Rewire>,
    /// Whether to keep the log.
    pub keep_log: bool,
    /// Whether to keep what went over the wire.
    pub keep_messages: bool,
    /// What to log, as `tracing` filters are written; `None` is [`log::FILTER_DEFAULT`].
    pub log_filter: Option<String>,
    /// The claims that the run is judged by.
    pub properties: Vec<Arc<dyn Property>>,
}

/// A plan, performed and judged.
#[derive(Debug, Clone)]
pub struct Run {
    /// The plan.
    pub plan: Plan,
    /// What was seen.
    pub history: History,
    /// Marks that the service and the world set, with counts.
    pub marks: BTreeMap<&'static str, u64>,
    /// The same marks, each with its moment and its host, in order.
    pub moments: Vec<Moment>,
    /// Claims that did not hold: at most one for each property, and one for each host that panicked.
    pub violations: Vec<Violation>,
    /// When each aimed fault struck, by its place in the plan; `None`: it missed, for what it was aimed
    /// at did not come, or came too late.
    pub aimed: BTreeMap<usize, Option<u64>>,
    /// Equal for equal plans.
    pub fingerprint: Fingerprint,
    /// What it cost.
    pub stats: Stats,
    /// The log, if it was kept.
    pub log: Vec<LogLine>,
    /// What operators have to go by; always kept.
    pub operators: Operators,
    /// What went over the wire, if it was kept, in the order of sending.
    pub messages: Vec<Message>,
}

/// A hash over every packet delivered and every record of the history: equal for equal plans, on any
/// machine, with and without a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub u64);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Why a plan could not be performed or judged. Never a verdict about the service.
#[derive(Debug, Error)]
pub enum HarnessError {
    /// The plan makes no sense.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The plan has a fault that the engine asked for cannot do.
    #[error(transparent)]
    Misfit(#[from] Misfit),
    /// The log filter makes no sense.
    #[error(transparent)]
    LogFilter(#[from] LogFilterError),
    /// The simulation itself broke.
    #[error("the simulation of {scenario:?} with seed {seed} broke: {error}")]
    Engine {
        /// Which scenario.
        scenario: String,
        /// Which seed.
        seed: u64,
        /// What the engine says.
        error: EngineError,
    },
    /// A property is broken: it panicked instead of judging.
    #[error("the property {property} panicked on {scenario:?} with seed {seed}: {message}. Mend the property")]
    Property {
        /// Which.
        property: String,
        /// Which scenario.
        scenario: String,
        /// Which seed.
        seed: u64,
        /// What it said.
        message: String,
    },
}

/// The name of the claim that no host's process panics.
pub const NOTHING_PANICS: &str = "NothingPanics";

/// Performs a plan and judges it. Runs on the calling thread; equal plans give equal runs.
///
/// # Errors
/// The plan cannot be performed, or the harness broke. A service that misbehaves is no error but a
/// violation in the [`Run`].
pub fn perform(plan: &Plan, setup: &Setup) -> Result<Run, HarnessError> {
    nemesis::check(plan)?;
    if setup.engine == EngineKind::Turmoil {
        classic::fits(plan)?;
    }
    let filter = setup.log_filter.as_deref().unwrap_or(log::FILTER_DEFAULT);
    let (simulated, logged) = log::captured(setup.keep_log.then_some(filter), || simulate(plan, setup))?;
    let (run, recorder) = simulated?;
    let (told, secrets) = recorder.told();
    let written = logged.by_replicas.into_iter();
    let mut run = Run {
        log: logged.filtered,
        operators: Operators {
            log: written.map(|line| operators::written(line, &secrets)).collect(),
            told,
        },
        ..run
    };
    for property in &setup.properties {
        run.violations.extend(judge(property.as_ref(), &run)?);
    }
    run.violations.sort_by_key(|violation| violation.at_ms);
    Ok(run)
}

fn simulate(plan: &Plan, setup: &Setup) -> Result<(Run, Recorder), HarnessError> {
    let inhabitants = Inhabitants {
        people: &setup.people,
        attackers: &setup.attackers,
        rewire: setup.rewire.as_ref(),
    };
    let world = World::build(setup.engine, plan, &inhabitants);
    if setup.keep_messages {
        world.engine().keep_carried();
    }
    let stats = world
        .engine()
        .run(plan.lasts_ms)
        .map_err(|error| HarnessError::Engine {
            scenario: plan.scenario.clone(),
            seed: plan.seed,
            error,
        })?;
    let history = world.recorder().history();
    let panics = world.engine().panics().into_iter().map(|panic| Violation {
        property: NOTHING_PANICS.to_owned(),
        // what it said may hold anything; where it was said is the bug
        reason: shrink::slug(panic.message.rsplit_once(" (").map_or("", |(_, place)| place)),
        what: format!("{} panicked: {}", panic.host, panic.message),
        at_ms: panic.at_ms,
        evidence: vec![],
    });
    let run = Run {
        plan: plan.clone(),
        marks: world.marks(),
        moments: world.moments(),
        aimed: world.struck(),
        violations: panics.collect(),
        fingerprint: fingerprint(world.engine().wire_hash(), &history),
        history,
        stats,
        log: vec![],
        operators: Operators::default(),
        messages: messages::of_wire(&world.engine().carried(), |carried| {
            (world.host_name(carried.from), world.host_name(carried.to))
        }),
    };
    Ok((run, world.recorder().clone()))
}

fn fingerprint(wire_hash: u64, history: &History) -> Fingerprint {
    let mut hash = Xxh3::new();
    hash.update(&wire_hash.to_le_bytes());
    let mut line = vec![];
    for record in &history.records {
        line.clear();
        serde_json::to_writer(&mut line, record).expect("records are numbers and text");
        line.push(b'\n');
        hash.update(&line);
    }
    Fingerprint(hash.digest())
}

fn judge(property: &dyn Property, run: &Run) -> Result<Option<Violation>, HarnessError> {
    let evidence = Evidence {
        plan: &run.plan,
        history: &run.history,
        operators: &run.operators,
    };
    match catch_unwind(AssertUnwindSafe(|| property.check(&evidence))) {
        Ok(verdict) => Ok(verdict.err()),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
            Err(HarnessError::Property {
                property: property.name(),
                scenario: run.plan.scenario.clone(),
                seed: run.plan.seed,
                message: text.unwrap_or("no message").to_owned(),
            })
        }
    }
}
