//! One master, one or two replicas and three Sentinels under faults: a [`Script`] says what happens, and is run by the real
//! programs and in the simulation alike.
//!
//! [`anomalies`] compares which acknowledged writes a failover loses and what holds; [`timeline`] compares when each step of
//! a failover happens; [`losses`] compares how much acknowledged work is lost when a master dies under load.

pub mod anomalies;
mod ask;
mod clock;
pub mod losses;
mod proxy;
mod real;
mod simulated;
pub mod timeline;

pub use ask::ask;
pub use real::{RealStack, run as run_real};
pub use simulated::run as run_simulated;

use model_redis::PersistenceMode;
use std::collections::BTreeMap;

/// A Redis node, by its role at the beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Node {
    /// The master.
    Master,
    /// Its first replica.
    Replica,
    /// Its second replica, in scripts that have two.
    Second,
}

impl Node {
    const ALL: [Node; 3] = [Node::Master, Node::Replica, Node::Second];

    fn index(self) -> usize {
        self as usize
    }

    fn name(self) -> &'static str {
        ["redis-1", "redis-2", "redis-3"][self.index()]
    }
}

/// A link that can be cut, in both directions and without notice to anybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// Between the master and this replica of it.
    Replication(Node),
    /// Between this node and the three Sentinels.
    Sentinels(Node),
    /// Between any two Sentinels.
    AmongSentinels,
}

/// One step of a script.
#[derive(Debug, Clone, Copy)]
pub enum Action {
    /// A client connects, sends these commands in turn, and records the last reply under this name.
    Ask(&'static str, Node, &'static [&'static str]),
    /// Cuts a link: nothing passes any more, and no end is notified.
    Cut(Link),
    /// Mends a link.
    Mend(Link),
    /// SIGKILL.
    Kill(Node),
    /// The host loses power: its peers receive nothing any more, no end of a connection either.
    LosePower(Node),
    /// SIGSTOP.
    Pause(Node),
    /// SIGCONT.
    Resume(Node),
    /// The process starts again, with what its disk has.
    Start(Node),
    /// SIGKILL, for so many Sentinels.
    KillSentinels(usize),
    /// SIGSTOP, for all Sentinels.
    PauseSentinels,
    /// SIGCONT, for all Sentinels.
    ResumeSentinels,
    /// A client tries to write there every 10 ms until it succeeds: see [`Observations::writable_ms`].
    Watch(Node),
    /// Clients ask each Sentinel every 10 ms about the master: see [`Observations::inspections`].
    Inspect,
}

/// What happens to both stacks, and what must be observed.
#[derive(Debug, Clone)]
pub struct Script {
    /// Short, as the name of a test.
    pub name: &'static str,
    /// The claim, in one sentence.
    pub claim: &'static str,
    /// What survives a restart of a node.
    pub persistence: PersistenceMode,
    /// Number of replicas.
    pub replicas: usize,
    /// `min-replicas-to-write`, with `min-replicas-max-lag 1`.
    pub min_replicas_to_write: usize,
    /// How many Sentinels must agree that the master is down.
    pub quorum: usize,
    /// Sentinel's `failover-timeout`, milliseconds.
    pub failover_timeout_ms: u64,
    /// Offsets of the nodes' wall clocks, milliseconds.
    pub clocks_ms: [i64; 3],
    /// What happens, in order, each with its time in milliseconds.
    pub actions: &'static [(u64, Action)],
    /// Replies that must come, by the name of the question.
    pub answers: &'static [(&'static str, &'static str)],
    /// Beginnings of events that some Sentinel must log (true) or that none may log (false).
    pub sentinel_events: &'static [(&'static str, bool)],
    /// Every surviving Sentinel must log these first and in this order, of all events that begin like one of them.
    pub first_events: &'static [&'static str],
}

/// A script in which nothing happens, with one replica and without persistence: the base of all others.
pub const EMPTY_SCRIPT: Script = Script {
    name: "",
    claim: "",
    persistence: PersistenceMode::None,
    replicas: 1,
    min_replicas_to_write: 0,
    quorum: 2,
    failover_timeout_ms: 10_000,
    clocks_ms: [0; 3],
    actions: &[],
    answers: &[],
    sentinel_events: &[],
    first_events: &[],
};

impl Script {
    fn nodes(&self) -> &'static [Node] {
        &Node::ALL[..=self.replicas]
    }

    /// Milliseconds until every question has been answered or has timed out.
    pub fn duration_ms(&self) -> u64 {
        self.actions.last().map_or(0, |(at, _)| *at) + TIMEOUT_MS
    }
}

/// What was observed while a script ran.
#[derive(Debug, Clone, Default)]
pub struct Observations {
    /// The replies, by the name of the question.
    pub answers: BTreeMap<&'static str, String>,
    /// What the Sentinels logged, in order of time.
    pub events: Vec<Event>,
    /// When the node of [`Action::Watch`] accepted a write, milliseconds from the beginning of the script.
    pub writable_ms: Option<i64>,
    /// What the Sentinels said about the master, in order of time: when, which Sentinel, what.
    pub inspections: Vec<(i64, usize, Inspection)>,
}

/// What a Sentinel says about the master (`SENTINEL MASTER`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inspection {
    /// `master,disconnected`.
    pub flags: String,
    /// The state of the failover that it leads.
    pub failover_state: Option<String>,
}

/// An event that a Sentinel logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Milliseconds from the beginning of the script.
    pub at_ms: i64,
    /// Which of the three Sentinels.
    pub sentinel: usize,
    /// As Sentinel writes it: `+sdown master app 127.0.0.1 6379`.
    pub text: String,
}

/// How often a client that watches a node tries, milliseconds.
const WATCH_MS: u64 = 10;

/// How long a client waits for a reply, milliseconds: long enough for a paused node to come back.
const TIMEOUT_MS: u64 = 2_000;

/// The name of the master, as clients ask Sentinels for it.
pub const MASTER_NAME: &str = "app";

/// Sentinel's `down-after-milliseconds`, the same as when failovers were measured by hand.
const DOWN_AFTER_MS: u64 = 1_000;
