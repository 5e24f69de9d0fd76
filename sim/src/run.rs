//! Runs: a plan is performed and judged.

use crate::{
    at_rest::{self, KEPT_AS_DOCUMENTED, NO_SECRET_STORED},
    calls::{self, CALLS_BY_CLOCK, CALLS_IN_TIME, CallRecord},
    classic::{self, Misfit},
    engine::{EngineError, Stats},
    history::History,
    log::{self, LogFilterError, LogLine},
    messages::{self, Message},
    nemesis::{self, PlanError},
    operators::{self, Operators},
    overheard::Overheard,
    plan::Plan,
    property::{Evidence, Property, Tally, Violation, slug},
    recorder::Recorder,
    service::{Service, UntoldWrites},
    simulator::EngineKind,
    world::{Act, HostKind, MarkRecord, RunningWorld, World},
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

/// How to perform a plan, and the properties by which to judge the run.
#[derive(Clone)]
pub struct Setup<S: Service> {
    /// The engine.
    pub engine: EngineKind,
    /// The planted bug, if any.
    pub bug: Option<S::Bug>,
    /// The code for people, instead of the world's own: for tests that bring clients of their own.
    pub people: Option<Arc<Act<S>>>,
    /// Whether to keep the log.
    pub keep_log: bool,
    /// Whether to keep the messages on the wire.
    pub keep_messages: bool,
    /// The log filter, in the syntax of `tracing` filters; `None` is [`Service::LOG_FILTER`].
    pub log_filter: Option<String>,
    /// The properties by which the run is judged.
    pub properties: Vec<Arc<dyn Property<S>>>,
}

impl<S: Service> Default for Setup<S> {
    /// The event loop, no planted bug, nothing kept, nothing judged.
    fn default() -> Setup<S> {
        Setup {
            engine: EngineKind::default(),
            bug: None,
            people: None,
            keep_log: false,
            keep_messages: false,
            log_filter: None,
            properties: vec![],
        }
    }
}

/// A plan that was performed and judged.
#[derive(Debug, Clone)]
pub struct Run<S: Service> {
    /// The plan.
    pub plan: Plan<S>,
    /// The hosts of its world, in the order of declaration.
    pub hosts: Vec<(String, HostKind)>,
    /// The history.
    pub history: History<S>,
    /// Marks that the service and the world set, with counts.
    pub marks: BTreeMap<&'static str, u64>,
    /// The same marks, each with its time and its host, in order.
    pub mark_records: Vec<MarkRecord>,
    /// Properties that did not hold: at most one violation for each property, and one for each host that panicked.
    pub violations: Vec<Violation>,
    /// What each property judged and spared. Properties of one name are counted together.
    pub tallies: BTreeMap<String, Tally>,
    /// The calls that the service's processes made through their wrapped seams: see [`crate::calls`].
    pub calls: Vec<CallRecord>,
    /// When each fault with a trigger was injected, milliseconds, by its position in the plan. `None` if it was not
    /// injected, because the event did not happen, or happened too late.
    pub triggered: BTreeMap<usize, Option<u64>>,
    /// Equal for equal plans.
    pub fingerprint: Fingerprint,
    /// Counters of the engine.
    pub stats: Stats,
    /// The log, if it was kept.
    pub log: Vec<LogLine>,
    /// The information that operators have; always kept.
    pub operators: Operators,
    /// What the service's processes said to hosts that have a certificate.
    pub overheard: Vec<Overheard>,
    /// The messages on the wire, if they were kept, in the order of sending.
    pub messages: Vec<Message>,
}

/// A hash of every packet delivered and every record of the history: equal for equal plans, on any machine, with and
/// without a log.
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

/// The reason why a plan could not be performed or judged. Never a verdict about the service.
#[derive(Debug, Error)]
pub enum HarnessError {
    /// The plan is invalid.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The plan needs something that the chosen engine cannot do.
    #[error(transparent)]
    Misfit(#[from] Misfit),
    /// The plan names another planted bug than the one with which it is to be performed.
    #[error(
        "the plan says that it needs the planted bug {needed} (its line `bug`), and it is to be performed with {planted}: \
         what it shows would seem to hold. Give it that bug, or take the line out of the plan"
    )]
    OtherBug {
        /// The planted bug that the plan names.
        needed: String,
        /// The planted bug that is present: its name, or `none`.
        planted: String,
    },
    /// The log filter is invalid.
    #[error(transparent)]
    LogFilter(#[from] LogFilterError),
    /// The simulation itself failed.
    #[error("the simulation of {scenario:?} with seed {seed} broke: {error}")]
    Engine {
        /// The scenario.
        scenario: String,
        /// The seed.
        seed: u64,
        /// The engine's error.
        error: EngineError,
    },
    /// A property is broken: it panicked instead of judging.
    #[error("the property {property} panicked on {scenario:?} with seed {seed}: {message}. Mend the property")]
    Property {
        /// The property.
        property: String,
        /// The scenario.
        scenario: String,
        /// The seed.
        seed: u64,
        /// The message of its panic.
        message: String,
    },
}

/// The name of the property that the service's own means prepare what it needs: [`Service::set_up`].
pub const SETS_UP: &str = "SetsUp";
/// The name of the property that no host's process panics.
pub const NOTHING_PANICS: &str = "NothingPanics";
/// The name of the property that a run ends: no process loops without waiting.
pub const RUN_ENDS: &str = "RunEnds";
/// The name of the property that a transaction is one: it begins where the service says so, and is committed where its process
/// waits for the disk ([`Service::untold_writes`]). Any other sync is time that no simulation has, and the end of a transaction
/// that nobody knows of; any other write lock is a transaction that was cut in two: a loss of power between the two keeps a half
/// of what belongs together, and somebody else can come in between.
pub const TRANSACTIONS_WHOLE: &str = "TransactionsWhole";
/// The properties that hold in every run, whatever its scenario claims.
pub const IN_EVERY_RUN: &[&str] = &[
    NOTHING_PANICS,
    SETS_UP,
    RUN_ENDS,
    NO_SECRET_STORED,
    KEPT_AS_DOCUMENTED,
    CALLS_BY_CLOCK,
    CALLS_IN_TIME,
    TRANSACTIONS_WHOLE,
];

/// Performs a plan and judges it. Runs on the calling thread; equal plans give equal runs.
///
/// # Errors
/// The plan cannot be performed, or the harness failed. A service that misbehaves is not an error but a
pub fn perform<S: Service>(plan: &Plan<S>, setup: &Setup<S>) -> Result<Run<S>, HarnessError> {
    perform_and_inspect(plan, setup, |_| ()).map(|(run, ())| run)
}

/// Performs a plan as [`perform`] does, and inspects the state that the hosts shared when the run is over.
///
/// # Errors
/// Those of [`perform`].
pub fn perform_and_inspect<S: Service, T>(
    plan: &Plan<S>,
    setup: &Setup<S>,
    inspect: impl FnOnce(&S::Shared) -> T,
) -> Result<(Run<S>, T), HarnessError> {
    nemesis::check(plan)?;
    if setup.engine == EngineKind::Turmoil {
        classic::fits(plan)?;
    }
    let filter = setup.log_filter.as_deref().unwrap_or(S::LOG_FILTER);
    let world = S::world(&plan.world);
    let service = world.of_kind(HostKind::Service);
    let filter = setup.keep_log.then_some(filter);
    let (simulated, logged) = log::captured(filter, &service, || simulate(&world, plan, setup, inspect))?;
    let (run, recorder, inspected) = simulated?;
    let (errors, secrets) = recorder.reported();
    let lines = logged.by_service.into_iter();
    let mut run = Run {
        log: logged.filtered,
        operators: Operators {
            log: lines.map(|line| operators::without_secrets(line, &secrets)).collect(),
            errors,
        },
        ..run
    };
    for property in &setup.properties {
        let (violation, tally) = judge(property.as_ref(), &run, setup.engine)?;
        run.violations.extend(violation);
        run.tallies.entry(property.name()).or_default().add(&tally);
    }
    run.violations.sort_by_key(|violation| violation.at_ms);
    Ok((run, inspected))
}

type Simulated<S, T> = (Run<S>, Recorder<S>, T);

fn simulate<S: Service, T>(
    world: &World<S>,
    plan: &Plan<S>,
    setup: &Setup<S>,
    inspect: impl FnOnce(&S::Shared) -> T,
) -> Result<Simulated<S, T>, HarnessError> {
    let running = RunningWorld::build(world, plan, setup);
    if setup.keep_messages {
        running.engine().keep_carried();
    }
    let service = world.of_kind(HostKind::Service);
    let (stats, stuck) = match running.engine().run(plan.lasts_ms) {
        Ok(stats) => (stats, None),
        // A process of the service that loops without waiting is the service's fault, not the harness's.
        Err(EngineError::Livelock { at_ms, host, polls }) if service.contains(&host) => {
            let what = format!("{host} loops without waiting: {polls} polls at {at_ms} ms while time does not advance");
            let violation = Violation::new(at_ms, vec![], what).of(RUN_ENDS.to_owned());
            (Stats::default(), Some(violation.because("livelock")))
        }
        Err(error) => {
            return Err(HarnessError::Engine {
                scenario: plan.scenario.clone(),
                seed: plan.seed,
                error,
            });
        }
    };
    let history = running.recorder().take_history();
    let unprepared = S::set_up(running.shared()).err().map(|why| Violation {
        property: SETS_UP.to_owned(),
        reason: "not-set-up".into(),
        what: format!("the service's own means do not prepare what it needs: {why}"),
        at_ms: 0,
        evidence: vec![],
    });
    let (_, secrets) = running.recorder().reported();
    let in_clear = at_rest::violation(&S::at_rest(running.shared()), &secrets, plan.lasts_ms);
    let calls = running.calls();
    let paced = calls::too_often(S::CALLS, &calls).into_iter();
    let paced = paced.chain(calls::too_long(S::CALLS, &calls));
    let panics = running.engine().panics().into_iter().map(|panic| Violation {
        property: NOTHING_PANICS.to_owned(),
        // The message may contain anything; the location of the panic identifies the bug.
        reason: slug(panic.message.rsplit_once(" (").map_or("", |(_, place)| place)),
        what: format!("{} panicked: {}", panic.host, panic.message),
        at_ms: panic.at_ms,
        evidence: vec![],
    });
    let hosts: Vec<(String, HostKind)> = world
        .hosts()
        .map(|host| (host.name().to_owned(), host.kind()))
        .collect();
    let mut marks = running.marks();
    marks.extend(S::marks_of_run(running.shared(), plan));
    let run = Run {
        plan: plan.clone(),
        marks,
        mark_records: running.mark_records(),
        calls,
        triggered: running.triggered(),
        violations: unprepared
            .into_iter()
            .chain(panics)
            .chain(paced)
            .chain(in_clear)
            .chain(at_rest::kept_otherwise(&S::kept(running.shared(), plan), plan.lasts_ms))
            .chain(untold(S::untold_writes(running.shared()), plan.lasts_ms))
            .chain(stuck)
            .collect(),
        tallies: BTreeMap::new(),
        fingerprint: fingerprint(running.engine().wire_hash(), &history),
        history,
        stats,
        log: vec![],
        operators: Operators::default(),
        overheard: running.overheard().without(&secrets),
        messages: messages::of_wire(&running.engine().carried(), |host| {
            let (name, kind) = &hosts[host.0];
            (name, *kind)
        }),
        hosts,
    };
    let inspected = inspect(running.shared());
    Ok((run, running.recorder().clone(), inspected))
}

/// What processes did with the storage without telling it.
fn untold(writes: UntoldWrites, lasts_ms: u64) -> impl Iterator<Item = Violation> {
    let UntoldWrites { syncs, transactions } = writes;
    let violation = move |what: String, reason| {
        let violation = Violation::new(lasts_ms, vec![], what).because(reason);
        violation.of(TRANSACTIONS_WHOLE.to_owned())
    };
    let not_awaited = (syncs > 0).then(|| {
        let what = format!("{syncs} syncs of the disk were not in a commit that its process waits for");
        violation(what, "not-awaited")
    });
    let not_begun = (transactions > 0).then(|| {
        let what =
            format!("the write lock was taken {transactions} times for a transaction that its process had not begun");
        violation(what, "not-begun")
    });
    not_awaited.into_iter().chain(not_begun)
}

fn fingerprint<S: Service>(wire_hash: u64, history: &History<S>) -> Fingerprint {
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

fn judge<S: Service>(
    property: &dyn Property<S>,
    run: &Run<S>,
    engine: EngineKind,
) -> Result<(Option<Violation>, Tally), HarnessError> {
    let evidence = Evidence::new(&run.plan, &run.history, &run.operators).exact_to(engine.exact_to_ms());
    let evidence = evidence.with_calls(&run.calls).with_overheard(&run.overheard);
    match catch_unwind(AssertUnwindSafe(|| property.check(&evidence))) {
        Ok(Ok(())) => Ok((None, evidence.tally())),
        Ok(Err(violation)) => Ok((Some(violation.of(property.name())), evidence.tally())),
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

#[cfg(test)]
mod tests;
