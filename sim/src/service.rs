//! What the harness has to know of a service: its operations, its observations, its faults and its world.
//!
//! All of these are types of the service. They are written in plans, described in stories, shrunk and hashed by what
//! serde and the traits of this module say of them; the harness never looks inside.

use crate::{
    calls::{CallSite, CallTrouble},
    history::Seen,
    nemesis::Control,
    plan::Plan,
    world::{Start, StorageLock, World},
};
use serde::{Serialize, de::DeserializeOwned};
use std::{collections::BTreeMap, fmt, sync::Arc};

/// A service under test, as a bundle of its types. Implemented by a type without values of interest:
/// `#[derive(Debug, Clone, PartialEq)] struct BoxOffice;`.
pub trait Service: fmt::Debug + Clone + PartialEq + Send + Sync + Sized + 'static {
    /// `[world]` of a plan: how many hosts there are and how they are set up. [`NoOptions`] if that never changes.
    type World: WorldOptions;
    /// `does` of an `[[operation]]`: what somebody does, as a whole.
    type Behaviour: Behaviour<Self>;
    /// One thing that somebody tries, with a beginning and an end in the history.
    type Op: Op;
    /// What else can be seen from outside. [`Nothing`] if there is nothing else.
    type Observation: Observation<Self>;
    /// Faults that only this service has. [`Nothing`] if the world's own are enough.
    type Fault: ServiceFault<Self>;
    /// What a planted bug changes: a wrapper around a part of the service, as a rule.
    type Bug: Clone + Send + Sync + 'static;
    /// What the hosts of one run share and a real deployment keeps elsewhere: a database, people's inboxes, the modes of
    /// peers. Clones share it.
    type Shared: Clone + Send + Sync + 'static;

    /// What to log unless somebody says otherwise, as `tracing` filters are written.
    const LOG_FILTER: &'static str = "info";
    /// What the service's writes to Redis mean, as names that triggers may use; see [`Service::name_of_write`].
    const WRITES: &'static [&'static str] = &[];
    /// Marks of the service and its world that triggers may use.
    const MARKS: &'static [&'static str] = &[];

    /// Which calls its processes make through their seams, where they are wrapped: see [`crate::calls`].
    const CALLS: &'static [CallSite] = &[];

    /// Events at which something is in flight that must not be lost, doubled or believed, and which come in every run: what
    /// most random triggers wait for. Repeat a name to have it drawn more often.
    const USUAL_TRIGGERS: &'static [&'static str] = &[];
    /// Events that come where something has gone wrong already, or somebody special is there: what some random triggers
    /// wait for.
    const RARE_TRIGGERS: &'static [&'static str] = &[];
    /// What a host claims of itself between two marks, for the timeline of a page: "leads".
    const MARK_SPANS: &'static [MarkSpan] = &[];
    /// Marks that every run sets over and over: no novelty for guidance.
    const ROUTINE_MARKS: &'static [&'static str] = &[];

    /// Declares the hosts of a world: which software they run, and how they are linked. Must be a function of the options
    /// alone, and cheap: it is asked whenever a plan is checked.
    fn world(options: &Self::World) -> World<Self>;

    /// Prepares what the hosts of one run share, before any of them boots.
    fn share(start: &Start<'_, Self>) -> Self::Shared;

    /// Whether the service's own means sufficed to prepare it: its tools filled the database, as an operator does before
    /// anything starts. If not, that is a violation of `SetsUp`, and the run goes on with what there is.
    ///
    /// # Errors
    /// What did not work.
    fn set_up(_shared: &Self::Shared) -> Result<(), String> {
        Ok(())
    }

    /// The lock that a process of the service keeps while it is blocked in a call to a slow disk, if there is one: that of
    /// a database which its hosts share.
    fn storage_lock(_shared: &Self::Shared) -> Option<Arc<dyn StorageLock>> {
        None
    }

    /// Marks that are known only when a run is over, with counts: from what `shared` has recorded.
    fn marks_of_run(_shared: &Self::Shared, _plan: &Plan<Self>) -> BTreeMap<&'static str, u64> {
        BTreeMap::new()
    }

    /// Trouble that only this service's world has at a call of a process: what its peers and links can do to it.
    fn troubles_of_call(_host: &str, _call: &str, _world: &World<Self>) -> Vec<CallTrouble<Self>> {
        vec![]
    }

    /// What a Redis write means, one of [`Service::WRITES`]. `command` is in capitals, as a master tells its replicas.
    fn name_of_write(_command: &str, _key: &str) -> Option<&'static str> {
        None
    }
}

/// What a host claims of itself from one mark to another; it ends as well when the host's process does. A picture of what a
/// process believes, never a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MarkSpan {
    /// The mark with which it begins.
    pub begins: &'static str,
    /// The mark with which it ends.
    pub ends: &'static str,
    /// What it is called in a page: one word, `leads`.
    pub label: &'static str,
}

/// `[world]` of a plan.
pub trait WorldOptions: fmt::Debug + Clone + PartialEq + Default + Serialize + DeserializeOwned + Send + Sync {
    /// Whether a world can be like this.
    ///
    /// # Errors
    /// The first value that makes no sense.
    fn check(&self) -> Result<(), BadValue> {
        Ok(())
    }
}

/// A value of a plan that makes no sense: what is wrong and what it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadValue {
    /// Which, as in the file: `world.quorum`.
    pub field: String,
    /// What it is.
    pub value: String,
    /// What it must be: `must be from 1 to 3`.
    pub must: String,
}

/// What somebody does, as a whole. A plan has it as the fields of an `[[operation]]`, so it is an enum with
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

    /// Other people whom it names.
    fn others(&self) -> Vec<&str> {
        vec![]
    }

    /// Whether whoever does this attacks the service; attackers have a host of their own where the world declares one.
    fn is_attack(&self) -> bool {
        false
    }

    /// Whether somebody can do this in such a world.
    ///
    /// # Errors
    /// What is wrong, as a clause.
    fn check(&self, _world: &World<S>) -> Result<(), String> {
        Ok(())
    }

    /// Plainer behaviours that a smaller plan may try instead, the plainest first. None may lead back here. Numbers are
    /// made smaller without being asked for.
    fn plainer(&self) -> Vec<S::Behaviour> {
        vec![]
    }
}

/// One thing that somebody tries. The history has it as JSON, so it is an enum with
/// `#[serde(tag = "op", rename_all = "kebab-case")]`.
pub trait Op: fmt::Debug + Clone + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Its kinds, which triggers may name: see [`Op::kind`].
    const KINDS: &'static [&'static str] = &[];
    /// What compound operations are called, in the plural: `shopping trips`.
    const COMPOUND: &'static str = "compound operations";

    /// Its kind, as in a written history.
    fn kind(&self) -> String {
        tag_of(self, "op")
    }

    /// What somebody does: a clause without its subject, `buys seat 12`.
    fn describe(&self) -> String;

    /// Whether it is made of other operations, which happen between its beginning and its end. It counts as no operation in
    /// flight; a brief story tells it in one row if all went well.
    fn is_compound(&self) -> bool {
        false
    }

    /// Whether the time that it takes is the service's own, and counts as its latency: not that of a wait for something else.
    fn is_timed(&self) -> bool {
        !self.is_compound()
    }

    /// How the end of a compound operation reads.
    fn describe_end(&self, seen: &Seen) -> String {
        match seen {
            Seen::Ok => format!("{}: done", self.describe()),
            Seen::Fail(_) => format!("{}: gives up", self.describe()),
            Seen::Unknown(_) => format!("{}: gives up, and cannot tell whether it is done", self.describe()),
        }
    }

    /// A compound operation in which everything went well, in one row: `shops`. What its steps add to that is their
    /// [`Op::detail`].
    fn describe_whole(&self) -> String {
        self.describe()
    }

    /// What a step adds to the row of the compound operation that it belongs to: `seat 12`.
    fn detail(&self) -> Option<String> {
        None
    }

    /// What a brief story may leave out and count: successes of this kind by anybody, or refusals of attackers. `None`:
    /// nothing of this kind. The text says what was left out: `looks at the account page that showed it`.
    fn routine(&self, _seen: &Seen, _by_attacker: bool) -> Option<&'static str> {
        None
    }
}

/// How something came out: the colour of its row in a story.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// As it should.
    Good,
    /// As it should not.
    Bad,
    /// It cannot be known.
    Unsure,
    /// Neither.
    Plain,
}

/// Something that can be seen from outside and is no operation: a mail that arrived, a call that a peer received. The
/// history has it as JSON, so it is an enum with `#[serde(tag = "event", rename_all = "kebab-case")]`.
pub trait Observation<S: Service>:
    fmt::Debug + Clone + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static
{
    /// The names by which triggers know them: see [`Observation::name`].
    const NAMES: &'static [&'static str] = &[];

    /// Its name, one of [`Observation::NAMES`].
    fn name(&self) -> &'static str;

    /// What was seen: a clause, `mail with code 1f2e arrives at ann@example.com`.
    fn describe(&self) -> String;

    /// How it came out, and a word on it.
    fn outcome(&self) -> (Tone, &'static str) {
        (Tone::Plain, "")
    }

    /// Under which filter of a page it comes.
    fn filter(&self) -> Option<&'static str> {
        None
    }

    /// Whether several in a row are counted instead of shown.
    fn is_alike(&self) -> bool {
        false
    }

    /// What a story leaves out and counts; the text says what: `calls that the hook answered`.
    fn routine(&self) -> Option<&'static str> {
        None
    }

    /// Whether it belongs to a compound operation that somebody has under way, one of whose steps is `op`.
    fn is_part_of(&self, _op: &S::Op) -> bool {
        false
    }
}

/// A fault that only this service has. A plan has it as the fields of a `[[fault]]`, so it is an enum with
/// `#[serde(tag = "fault", rename_all = "kebab-case", deny_unknown_fields)]`; its `Display` is a sentence without a full
/// stop: `the mail relay is hanging`.
pub trait ServiceFault<S: Service>:
    fmt::Debug + fmt::Display + Clone + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static
{
    /// Its kinds, as in a plan file: what a bad `fault = "…"` is compared with.
    const KINDS: &'static [&'static str];

    /// The hosts that it names or concerns.
    fn hosts(&self) -> Vec<&str> {
        vec![]
    }

    /// Whether it ends trouble rather than making it.
    fn repairs(&self) -> bool {
        false
    }

    /// Whether another fault is the end of this one; both are of one kind and of the same hosts.
    fn is_ended_by(&self, _end: &Self) -> bool {
        false
    }

    /// How long it lasts if nothing ends it before, milliseconds.
    fn lasts_ms(&self) -> Option<u64> {
        None
    }

    /// Whether it can be injected into such a world.
    ///
    /// # Errors
    /// What is wrong, as a clause.
    fn check(&self, _world: &World<S>) -> Result<(), String> {
        Ok(())
    }

    /// Its kind and what it concerns, without names and numbers: failures whose small plans have the same shape are one
    /// bug.
    fn shape(&self) -> String {
        tag_of(self, "fault")
    }

    /// Injects it.
    fn inject(&self, control: &Control<'_, S>);

    /// Ends all faults of this service's own.
    fn heal(_control: &Control<'_, S>) {}
}

/// For a service that has no observations or no faults of its own: there is no value of this type.
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

/// For a service all of whose worlds are alike.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoOptions {}

impl WorldOptions for NoOptions {}

/// The tag of a value of an internally tagged enum.
pub(crate) fn tag_of(value: &impl Serialize, tag: &str) -> String {
    let value = serde_json::to_value(value).expect("such types are tables of numbers and text");
    value[tag].as_str().unwrap_or_default().to_owned()
}

/// A compound operation in which everything went well, with what its steps add.
pub(crate) fn describe_whole<O: Op>(op: &O, steps: &[&O]) -> String {
    let details: Vec<String> = steps.iter().filter_map(|step| step.detail()).collect();
    match details.is_empty() {
        true => op.describe_whole(),
        false => format!("{}, with {}", op.describe_whole(), details.join(", ")),
    }
}
