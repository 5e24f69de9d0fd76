//! One master, one replica or two, three Sentinels, and what befalls them: a story told as data, performed by
//! the real programs and by the simulation alike.

pub(super) mod ask;
mod clock;
mod proxy;
pub(super) mod real;
mod simulated;

pub use real::perform as perform_really;
pub use simulated::perform as perform_in_simulation;

use model_redis::PersistenceMode;
use std::collections::BTreeMap;

/// A Redis node, by its role at the beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Node {
    /// The master.
    Master,
    /// Its replica.
    Replica,
    /// Another one, in the stories that have it.
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

/// What can be cut, silently and both ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// Between the master and this replica of it.
    Replication(Node),
    /// Between this node and the three Sentinels.
    Sentinels(Node),
    /// Between any two Sentinels.
    AmongSentinels,
}

/// Something that happens.
#[derive(Debug, Clone, Copy)]
pub enum Act {
    /// A client connects, says these in turn, and notes the last answer under this name.
    Ask(&'static str, Node, &'static [&'static str]),
    /// Nothing passes any more; nobody is told.
    Cut(Link),
    /// It passes again.
    Mend(Link),
    /// SIGKILL.
    Kill(Node),
    /// Its host loses power: its peers hear nothing any more, not even that it has gone.
    LosePower(Node),
    /// SIGSTOP.
    Pause(Node),
    /// SIGCONT.
    Resume(Node),
    /// The process starts anew, with what its disk has.
    Start(Node),
    /// SIGKILL, for so many Sentinels.
    KillSentinels(usize),
    /// SIGSTOP, for all Sentinels.
    PauseSentinels,
    /// SIGCONT, for all Sentinels.
    ResumeSentinels,
    /// A client tries to write there, every 10 ms, until it can: see [`Seen::writable_ms`].
    Watch(Node),
}

/// What both stacks are to go through, and what is to be seen.
#[derive(Debug, Clone)]
pub struct Story {
    /// Short, as a name of a test.
    pub name: &'static str,
    /// One sentence.
    pub claim: &'static str,
    /// What survives a restart of a node.
    pub persistence: PersistenceMode,
    /// How many replicas there are.
    pub replicas: usize,
    /// `min-replicas-to-write`, with `min-replicas-max-lag 1`.
    pub min_replicas_to_write: usize,
    /// How many Sentinels must agree that the master is down.
    pub quorum: usize,
    /// Sentinel's `failover-timeout`, milliseconds.
    pub failover_timeout_ms: u64,
    /// By how much the nodes' wall clocks are wrong, milliseconds.
    pub clocks_ms: [i64; 3],
    /// What happens, in order, each with its time in milliseconds.
    pub acts: &'static [(u64, Act)],
    /// What must be answered.
    pub answers: &'static [(&'static str, &'static str)],
    /// What some Sentinel must say, and what none may: how it begins.
    pub sentinels_say: &'static [(&'static str, bool)],
    /// What a Sentinel that is left says first, of all that begins like one of these, in this order.
    pub in_order: &'static [&'static str],
}

/// Nothing happens yet.
pub(super) const PLAIN: Story = Story {
    name: "",
    claim: "",
    persistence: PersistenceMode::None,
    replicas: 1,
    min_replicas_to_write: 0,
    quorum: 2,
    failover_timeout_ms: 10_000,
    clocks_ms: [0; 3],
    acts: &[],
    answers: &[],
    sentinels_say: &[],
    in_order: &[],
};

impl Story {
    fn nodes(&self) -> &'static [Node] {
        &Node::ALL[..=self.replicas]
    }

    /// Milliseconds until everything has been answered.
    pub fn lasts_ms(&self) -> u64 {
        self.acts.last().map_or(0, |(at, _)| *at) + PATIENCE_MS
    }
}

/// What was seen.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// The answers, by name.
    pub answers: BTreeMap<&'static str, String>,
    /// What the Sentinels said, in order of time.
    pub events: Vec<Event>,
    /// When a node that was watched took a write, in milliseconds from the beginning of the story.
    pub writable_ms: Option<i64>,
}

/// What a Sentinel said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Milliseconds from the beginning of the story.
    pub at_ms: i64,
    /// Which of the three.
    pub sentinel: usize,
    /// In its own words: `+sdown master auth 127.0.0.1 6379`.
    pub says: String,
}

/// How often a client that watches tries, milliseconds.
const WATCH_MS: u64 = 10;

/// How long a client waits for an answer; long enough for a paused node to come back.
const PATIENCE_MS: u64 = 2_000;

/// Sentinel's `down-after-milliseconds`, as it was when failovers were measured by hand.
const DOWN_AFTER_MS: u64 = 1_000;
