//! The interface between the harness and a service: the service's operations, observations, faults and world.
//!
//! All of these are types of the service. The harness writes them in plans, describes them in stories, shrinks and
//! hashes them, using only serde and the traits of this module.

use crate::{
    at_rest::{Kept, Stored},
    calls::{CallSite, CallTrouble},
    history::Seen,
    nemesis::Control,
    plan::Plan,
    world::{Start, StorageLock, World},
};
use serde::{Serialize, de::DeserializeOwned};
use std::{collections::BTreeMap, fmt, sync::Arc};

/// A service under test, as a bundle of its types. Usually implemented by a unit struct:
/// `#[derive(Debug, Clone, PartialEq)] struct BoxOffice;`.
pub trait Service: fmt::Debug + Clone + PartialEq + Send + Sync + Sized + 'static {
    /// `[world]` of a plan: how many hosts there are and how they are configured. [`NoOptions`] if that never changes.
    type World: WorldOptions;
    /// `does` of an `[[operation]]`: what a person does, as a whole.
    type Behaviour: Behaviour<Self>;
    /// A step that a person attempts, with a beginning and an end in the history.
    type Op: Op;
    /// Observations from outside that are not operations. [`Nothing`] if there are none.
    type Observation: Observation<Self>;
    /// Faults that only this service has. [`Nothing`] if those of any world suffice.
    type Fault: ServiceFault<Self>;
    /// A planted bug, usually a function that wraps a part of the service.
    type Bug: Clone + Send + Sync + 'static;
    /// State that the hosts of one run share and that a real deployment keeps elsewhere: a database, people's inboxes,
    /// the modes of peers. Clones share it.
    type Shared: Clone + Send + Sync + 'static;

    /// The default log filter, in the syntax of `tracing` filters.
    const LOG_FILTER: &'static str = "info";
    /// Names of the service's writes to Redis, which triggers may use; see [`Service::name_of_write`].
    const WRITES: &'static [&'static str] = &[];
    /// Marks of the service and its world that triggers may use.
    const MARKS: &'static [&'static str] = &[];

    /// The calls that its processes make through their wrapped seams: see [`crate::calls`].
    const CALLS: &'static [CallSite] = &[];

    /// Events that happen in every run and at which something is in progress that must not be lost, repeated or wrongly
    /// believed. Most random triggers wait for one of these. A name that is repeated is drawn more often.
    const USUAL_TRIGGERS: &'static [&'static str] = &[];
    /// Events that happen only after something has failed, or when certain people are there. Some random triggers wait
    /// for one of these.
    const RARE_TRIGGERS: &'static [&'static str] = &[];
    /// Spans between two marks, for the timeline of a report: "leads".
    const MARK_SPANS: &'static [MarkSpan] = &[];
    /// Marks that every run sets many times; guidance ignores them.
    const ROUTINE_MARKS: &'static [&'static str] = &[];

    /// Declares the hosts of a world: their software and their links. Must be a function of the options alone, and
    /// cheap, because it is called whenever a plan is checked.
    fn world(options: &Self::World) -> World<Self>;

    /// Prepares the state that the hosts of one run share, before any of them boots.
    fn share(start: &Start<'_, Self>) -> Self::Shared;

    /// Whether the service's own means sufficed to prepare it: its tools filled the database, as an operator does before
    /// anything starts. If not, that is a violation of `SetsUp`, and the run goes on with what there is.
    ///
    /// # Errors
    /// What did not work.
    fn set_up(_shared: &Self::Shared) -> Result<(), String> {
        Ok(())
    }

    /// The lock that a process of the service keeps while it is blocked in a call to a slow disk, if there is one: the
    /// lock of a database that its hosts share.
    fn storage_lock(_shared: &Self::Shared) -> Option<Arc<dyn StorageLock>> {
        None
    }

    /// Called when the host of one of the service's processes loses power, after the process is gone: what a storage that
    /// the hosts share loses with it.
    fn power_lost(_shared: &Self::Shared, _host: &str) {}

    /// Marks that are known only when a run is over, with counts, computed from `shared`.
    fn marks_of_run(_shared: &Self::Shared, _plan: &Plan<Self>) -> BTreeMap<&'static str, u64> {
        BTreeMap::new()
    }

    /// What the service has stored in a run, wherever it stores anything, as whoever copies it would see it. A secret in
    /// clear in it violates [`NO_SECRET_STORED`](crate::at_rest::NO_SECRET_STORED).
    fn at_rest(_shared: &Self::Shared) -> Vec<Stored> {
        vec![]
    }

    /// For how long the service has stored what, wherever it stores anything. What is kept longer than documented violates
    /// [`KEPT_AS_DOCUMENTED`](crate::at_rest::KEPT_AS_DOCUMENTED).
    fn kept(_shared: &Self::Shared, _plan: &Plan<Self>) -> Vec<Kept> {
        vec![]
    }

    /// What the service's processes did with a storage that its hosts share without telling it. Each one violates
    /// [`TRANSACTIONS_WHOLE`](crate::run::TRANSACTIONS_WHOLE).
    fn untold_writes(_shared: &Self::Shared) -> UntoldWrites {
        UntoldWrites::default()
    }

    /// What peers and links can do to a call of a process in this service's world.
    fn troubles_of_call(_host: &str, _call: &str, _world: &World<Self>) -> Vec<CallTrouble<Self>> {
        vec![]
    }

    /// The name of a write to Redis, one of [`Service::WRITES`]. `command` is in capitals, as in a master's replication
    /// stream.
    fn name_of_write(_command: &str, _key: &str) -> Option<&'static str> {
        None
    }
}

/// What processes did with a storage without telling it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UntoldWrites {
    /// How often they made it sync, although nobody knew that they wait for it: neither inside of
    /// [`Storage::blocking`](seams::Storage::blocking) nor with [`Storage::synced`](seams::Storage::synced).
    pub syncs: u64,
    /// How often they took the write lock without asking [`Storage::check`](seams::Storage::check) at the beginning.
    pub transactions: u64,
}

/// A state that a host claims to be in, from one mark to another, or until the host's process ends. It shows what a
/// process believes, and is never a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MarkSpan {
    /// The mark with which it begins.
    pub begins: &'static str,
    /// The mark with which it ends.
    pub ends: &'static str,
    /// Its name in a report, one word: `leads`.
    pub label: &'static str,
}

/// The options of a world: `[world]` of a plan.
pub trait WorldOptions: fmt::Debug + Clone + PartialEq + Default + Serialize + DeserializeOwned + Send + Sync {
    /// Checks the options.
    ///
    /// # Errors
    /// The first invalid value.
    fn check(&self) -> Result<(), BadValue> {
        Ok(())
    }
}

/// An invalid value of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadValue {
    /// Its field, as in the file: `world.quorum`.
    pub field: String,
    /// The value.
    pub value: String,
    /// The requirement that it violates: `must be from 1 to 3`.
    pub must: String,
}

/// What a person does, as a whole. In a plan it is the fields of an `[[operation]]`, so it is an enum with
/// `#[serde(tag = "does", rename_all = "kebab-case")]`.
pub trait Behaviour<S: Service>:
    fmt::Debug + Clone + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static
{
    /// Its kinds, as in a plan file. Only [`compose_behaviours!`](crate::compose_behaviours) needs them.
    const KINDS: &'static [&'static str] = &[];

    /// Its kind, as in a plan file.
    fn kind(&self) -> String {
        tag_of(self, "does")
    }

    /// The other people that it names.
    fn others(&self) -> Vec<&str> {
        vec![]
    }

    /// Whether it attacks the service. Attackers have a host of their own if the world declares one.
    fn is_attack(&self) -> bool {
        false
    }

    /// Checks that it is possible in this world.
    ///
    /// # Errors
    /// What is wrong, as a clause.
    fn check(&self, _world: &World<S>) -> Result<(), String> {
        Ok(())
    }

    /// Simpler behaviours that the shrinker may try instead, the simplest first. None of them may lead back to this
    /// one. The shrinker makes numbers smaller by itself.
    fn plainer(&self) -> Vec<S::Behaviour> {
        vec![]
    }
}

/// A step that a person attempts. In the history it is JSON, so it is an enum with
/// `#[serde(tag = "op", rename_all = "kebab-case")]`.
pub trait Op: fmt::Debug + Clone + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Its kinds, which triggers may name: see [`Op::kind`].
    const KINDS: &'static [&'static str] = &[];
    /// The name of compound operations in the plural: `shopping trips`.
    const COMPOUND: &'static str = "compound operations";

    /// Its kind, as in a written history.
    fn kind(&self) -> String {
        tag_of(self, "op")
    }

    /// Describes it as a clause without its subject: `buys seat 12`.
    fn describe(&self) -> String;

    /// Whether it consists of other operations, which happen between its beginning and its end. It is not counted as an
    /// operation in flight. A brief story shows it in one row if it succeeded.
    fn is_compound(&self) -> bool {
        false
    }

    /// Whether its duration counts as the service's latency. It does not if the person waits for something else.
    fn is_timed(&self) -> bool {
        !self.is_compound()
    }

    /// Describes the end of a compound operation.
    fn describe_end(&self, seen: &Seen) -> String {
        match seen {
            Seen::Ok => format!("{}: done", self.describe()),
            Seen::Fail(_) => format!("{}: gives up", self.describe()),
            Seen::Unknown(_) => format!("{}: gives up, and cannot tell whether it is done", self.describe()),
        }
    }

    /// Describes a compound operation that succeeded, in one row: `shops`. Its steps add their [`Op::detail`].
    fn describe_whole(&self) -> String {
        self.describe()
    }

    /// The detail that a step adds to the row of its compound operation: `seat 12`.
    fn detail(&self) -> Option<String> {
        None
    }

    /// The name of a group of operations that a brief story omits and counts: successes of this kind by anybody, or
    /// refusals of attackers. `None` if it is shown. The text names what was omitted:
    /// `looks at the account page that showed it`.
    fn routine(&self, _seen: &Seen, _by_attacker: bool) -> Option<&'static str> {
        None
    }
}

/// The quality of a result: the colour of its row in a story.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// As it should be.
    Good,
    /// As it should not be.
    Bad,
    /// Unknown.
    Unsure,
    /// Neither good nor bad.
    Plain,
}

/// An observation from outside that is not an operation: a mail that arrived, a call that a peer received. In the
/// history it is JSON, so it is an enum with `#[serde(tag = "event", rename_all = "kebab-case")]`.
pub trait Observation<S: Service>:
    fmt::Debug + Clone + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static
{
    /// The names that triggers may use: see [`Observation::name`].
    const NAMES: &'static [&'static str] = &[];

    /// Its name, one of [`Observation::NAMES`].
    fn name(&self) -> &'static str;

    /// Describes it as a clause: `mail with code 1f2e arrives at ann@example.com`.
    fn describe(&self) -> String;

    /// The quality of the result, and one or two words about it.
    fn outcome(&self) -> (Tone, &'static str) {
        (Tone::Plain, "")
    }

    /// The filter of a report to which it belongs.
    fn filter(&self) -> Option<&'static str> {
        None
    }

    /// Whether several in a row are counted instead of shown.
    fn is_alike(&self) -> bool {
        false
    }

    /// The name of a group of observations that a story omits and counts: `calls that the hook answered`.
    fn routine(&self) -> Option<&'static str> {
        None
    }

    /// Whether it belongs to a compound operation in progress, one of whose steps is `op`.
    fn is_part_of(&self, _op: &S::Op) -> bool {
        false
    }
}

/// A fault that only this service has. In a plan it is the fields of a `[[fault]]`, so it is an enum with
/// `#[serde(tag = "fault", rename_all = "kebab-case", deny_unknown_fields)]`. Its `Display` is a sentence without a
/// full stop: `the mail relay is hanging`.
pub trait ServiceFault<S: Service>:
    fmt::Debug + fmt::Display + Clone + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static
{
    /// Its kinds, as in a plan file; they decide which values of `fault = "…"` are of this type.
    const KINDS: &'static [&'static str];

    /// The hosts that it names or affects.
    fn hosts(&self) -> Vec<&str> {
        vec![]
    }

    /// Whether it ends a fault rather than being one.
    fn repairs(&self) -> bool {
        false
    }

    /// Whether another fault is the end of this one. Both have the same kind and the same hosts.
    fn is_ended_by(&self, _end: &Self) -> bool {
        false
    }

    /// Its duration if nothing ends it before, milliseconds.
    fn lasts_ms(&self) -> Option<u64> {
        None
    }

    /// Checks that it is possible in this world.
    ///
    /// # Errors
    /// What is wrong, as a clause.
    fn check(&self, _world: &World<S>) -> Result<(), String> {
        Ok(())
    }

    /// Its kind and what it affects, without names and numbers. Failures whose small plans have the same shape count as
    /// one bug.
    fn shape(&self) -> String {
        tag_of(self, "fault")
    }

    /// Injects it.
    fn inject(&self, control: &Control<'_, S>);

    /// Ends all faults of this service's own.
    fn heal(_control: &Control<'_, S>) {}
}

/// The type of observations or faults of a service that has none. It has no values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
pub enum Nothing {}

impl fmt::Display for Nothing {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}

impl<S: Service> Observation<S> for Nothing {
    fn name(&self) -> &'static str {
        match *self {}
    }
    fn describe(&self) -> String {
        match *self {}
    }
}

impl<S: Service> ServiceFault<S> for Nothing {
    const KINDS: &'static [&'static str] = &[];
    fn inject(&self, _: &Control<'_, S>) {
        match *self {}
    }
}

/// The options of a service whose worlds are all alike.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoOptions {}

impl WorldOptions for NoOptions {}

/// The tag of a value whose enum is internally tagged.
pub(crate) fn tag_of(value: &impl Serialize, tag: &str) -> String {
    let value = serde_json::to_value(value).expect("such types are tables of numbers and text");
    value[tag].as_str().unwrap_or_default().to_owned()
}

/// A compound operation that succeeded, with the details of its steps.
pub(crate) fn describe_whole<O: Op>(op: &O, steps: &[&O]) -> String {
    let details: Vec<String> = steps.iter().filter_map(|step| step.detail()).collect();
    match details.is_empty() {
        true => op.describe_whole(),
        false => format!("{}, with {}", op.describe_whole(), details.join(", ")),
    }
}
