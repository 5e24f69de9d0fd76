//! All that a run depends on, as data.

mod file;
mod seed;

pub use file::{PlanFileError, position};

use crate::fault::{Fault, TimedFault};
use model_redis::REPLICATION_LATE_PPM;
use serde::{Deserialize, Serialize};

/// The version of the plan format that this build writes and reads.
pub const PLAN_VERSION: u32 = 1;

/// All that a run depends on, as data. A seed generates a plan; a plan can be written, edited,
/// shrunk and replayed, and outlives changes of the generator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Format of this file: [`PLAN_VERSION`].
    pub version: u32,
    /// The scenario whose properties judge the run.
    pub scenario: String,
    /// Seed of everything that the plan leaves open: latencies, entropy, think times.
    #[serde(with = "seed")]
    pub seed: u64,
    /// How long the run lasts, in simulated milliseconds.
    pub lasts_ms: u64,
    /// The world.
    pub world: WorldOptions,
    /// What people and attackers do.
    #[serde(default, rename = "operation")]
    pub operations: Vec<Operation>,
    /// What befalls the world.
    #[serde(default, rename = "fault")]
    pub faults: Vec<TimedFault>,
}

/// What the world is like.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WorldOptions {
    /// Shortest one-way latency of a link, milliseconds.
    pub latency_ms_min: u64,
    /// Longest one-way latency of a healthy link, milliseconds.
    pub latency_ms_max: u64,
    /// One-way latency of the link between the two Redis nodes, milliseconds: what a failover can
    /// take back is what is on its way here.
    pub replication_ms: u64,
    /// How often, in a million, a Redis node tells its replica of writes a millisecond after it has acknowledged them, for
    /// each client that it answers at once: what a kill can take back. A plan that does not say means half of the times.
    #[serde(default = "as_often_as_ever")]
    pub replication_late_ppm: u32,
    /// What a Redis node keeps through a restart.
    pub persistence: Persistence,
    /// Sentinel's `down-after-milliseconds`.
    pub down_after_ms: u64,
    /// Sentinel's `failover-timeout`, milliseconds.
    pub failover_timeout_ms: u64,
    /// Sentinel's quorum.
    pub quorum: usize,
    /// nginx's `proxy_connect_timeout`, milliseconds.
    pub proxy_connect_timeout_ms: u64,
    /// nginx's `proxy_read_timeout`, milliseconds.
    pub proxy_read_timeout_ms: u64,
    /// nginx's `fail_timeout`, milliseconds.
    pub fail_timeout_ms: u64,
    /// nginx's `keepalive` to the replicas: how many idle connections it keeps. 0: a connection for each
    /// request, which is also what a plan means that does not say.
    #[serde(default)]
    pub upstream_keepalive: u32,
    /// Lifetime of an authorization code, seconds.
    pub code_ttl_s: u64,
    /// Window of the limiters, seconds.
    pub limit_window_s: u64,
    /// Lifetime of the leader's lease, milliseconds.
    pub lease_ms: u64,
    /// Reminders in the directory: (address of the person, due time in milliseconds of the run).
    pub reminders: Vec<ReminderOption>,
}

/// What plans meant before they could say.
fn as_often_as_ever() -> u32 {
    500_000
}

/// A reminder that somebody has asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReminderOption {
    /// Name of the person.
    pub who: String,
    /// When it is due, milliseconds from the start of the run.
    pub due_ms: u64,
}

/// What a Redis node keeps through a restart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Persistence {
    /// Nothing.
    None,
    /// An append-only file with `appendfsync everysec`: a kill loses nothing, a power loss up to a
    /// second.
    Aof,
}

impl Default for WorldOptions {
    fn default() -> WorldOptions {
        WorldOptions {
            latency_ms_min: 1,
            latency_ms_max: 5,
            replication_ms: 1,
            replication_late_ppm: REPLICATION_LATE_PPM,
            persistence: Persistence::None,
            down_after_ms: 1000,
            failover_timeout_ms: 10_000,
            quorum: 2,
            proxy_connect_timeout_ms: 1000,
            proxy_read_timeout_ms: 5000,
            fail_timeout_ms: 2000,
            upstream_keepalive: 16,
            code_ttl_s: 60,
            limit_window_s: 60,
            lease_ms: 10_000,
            reminders: vec![],
        }
    }
}

/// One thing that somebody does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Operation {
    /// When it begins, milliseconds from the start of the run.
    pub at_ms: u64,
    /// Who does it: a person's name, or an attacker's.
    pub who: String,
    /// What.
    #[serde(flatten)]
    pub does: Behaviour,
}

/// What people and attackers do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "does", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Behaviour {
    /// Logs in calmly: one press of each button, the newest mail; gives up after a minute. A
    /// temporary error is met by pressing again, as people do.
    LogIn,
    /// Logs in impatiently: presses the send button this many times at once and types the code of
    /// any of the mails; double-clicks the verify button.
    LogInImpatiently {
        /// How many times the send button is pressed.
        clicks: u32,
    },
    /// Logs in, then looks at the account page now and then with the same session cookie.
    StayLoggedIn {
        /// Between two looks, milliseconds.
        every_ms: u64,
        /// How many looks.
        looks: u32,
    },
    /// Logs in; the relying party presents its code to both replicas at the same instant.
    RaceCode,
    /// Logs in; before the relying party redeems its code, somebody presents it with a wrong PKCE
    /// verifier, to burn it.
    BurnCode,
    /// From now on, replays every code that any relying party has received, at both replicas at
    /// once, at once and again after each of these delays.
    StealCodes {
        /// Delays after the code was first seen, milliseconds.
        after_ms: Vec<u64>,
    },
    /// Guesses one-time codes of one address, alternating between the replicas.
    Guess {
        /// The person under attack.
        victim: String,
        /// How many guesses.
        guesses: u32,
        /// Between two guesses, milliseconds.
        every_ms: u64,
    },
    /// Reads over somebody's shoulder: waits for the first mail with a code to one address, and some
    /// time later types that code into logins of its own, one at each replica.
    PeekAtMail {
        /// The person whose mail it is.
        victim: String,
        /// How long after the mail came, milliseconds.
        after_ms: u64,
    },
    /// Asks for codes to be sent to one address, alternating between the replicas.
    Flood {
        /// The person under attack.
        victim: String,
        /// How many requests.
        sends: u32,
        /// Between two requests, milliseconds.
        every_ms: u64,
    },
    /// Logs in calmly at one replica, past the balancer, the token endpoint included: a probe from outside of what
    /// the balancer would hide. Nobody gets to see its codes.
    LogInAt {
        /// The replica's host.
        replica: String,
    },
    /// Looks from outside whether the Redis nodes have found together: one master, and a replica that takes what is
    /// written there. Looks again for half a minute.
    CheckReplication,
}

impl Plan {
    /// When everything heals for the last time, if it does.
    pub fn healed_at_ms(&self) -> Option<u64> {
        self.faults
            .iter()
            .filter(|f| f.fault == Fault::Heal)
            .map(|f| f.at_ms)
            .max()
    }
}
