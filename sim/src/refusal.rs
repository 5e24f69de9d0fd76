//! Why a Redis node refuses commands, and what is typed at its console to make it so.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Why a Redis node refuses commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Refusal {
    /// It is over its `maxmemory` and may evict nothing: writes get `OOM`.
    OutOfMemory,
    /// It has fewer replicas than it must have: writes get `NOREPLICAS`.
    TooFewReplicas,
    /// It asks for a password that its clients do not have: all that they ask gets `NOAUTH`.
    Password,
    /// Writes wait (`CLIENT PAUSE … WRITE`), as during a planned failover.
    WritesPaused,
    /// Its clients may no longer write (`ACL SETUSER default -@write`): writes get `NOPERM`.
    Permission,
    /// It closes the connections of all clients, once (`CLIENT KILL TYPE normal`); whoever connects again is served.
    ClosedConnections,
}

/// All of them.
pub(crate) const REFUSALS: [Refusal; 6] = [
    Refusal::OutOfMemory,
    Refusal::TooFewReplicas,
    Refusal::Password,
    Refusal::WritesPaused,
    Refusal::Permission,
    Refusal::ClosedConnections,
];

/// Gives the password.
pub(crate) const GIVES_PASSWORD: &str = "AUTH secret";

/// Writes a Sentinel's configuration to its file.
const FLUSHES: &str = "SENTINEL FLUSHCONFIG";
/// What is typed at a Sentinel so that it asks for a password. A Sentinel has no CONFIG.
pub(crate) const SENTINEL_ASKS: &[&str] = &["ACL SETUSER default resetpass >secret", FLUSHES];
/// What is typed when it ends.
pub(crate) const SENTINEL_ASKS_NO_MORE: &[&str] = &[GIVES_PASSWORD, "ACL SETUSER default nopass", FLUSHES];

/// Sets how many replicas a master must have; no world has nine.
const REPLICAS: &str = "CONFIG SET min-replicas-to-write";

impl Refusal {
    /// What is typed when it begins.
    pub(crate) fn begins(self, lasts_ms: u64) -> Vec<String> {
        let commands: &[&str] = match self {
            Refusal::OutOfMemory => &["CONFIG SET maxmemory 1"],
            Refusal::TooFewReplicas => return vec![format!("{REPLICAS} 9")],
            // Who is connected stays authenticated, so everybody has to connect again.
            Refusal::Password => &[
                "CONFIG SET requirepass secret",
                GIVES_PASSWORD,
                "CLIENT KILL TYPE normal",
            ],
            Refusal::WritesPaused => return vec![format!("CLIENT PAUSE {lasts_ms} WRITE")],
            Refusal::Permission => &["ACL SETUSER default -@write"],
            Refusal::ClosedConnections => &["CLIENT KILL TYPE normal"],
        };
        commands.iter().map(|command| (*command).to_owned()).collect()
    }

    /// What is typed when it ends.
    pub(crate) fn ends(self) -> Vec<String> {
        let commands: &[&str] = match self {
            Refusal::OutOfMemory => &["CONFIG SET maxmemory 0"],
            Refusal::TooFewReplicas => return vec![format!("{REPLICAS} 0")],
            Refusal::Password => &[GIVES_PASSWORD, "CONFIG SET requirepass \"\""],
            Refusal::WritesPaused => &["CLIENT UNPAUSE"],
            Refusal::Permission => &["ACL SETUSER default +@all"],
            Refusal::ClosedConnections => &[],
        };
        commands.iter().map(|command| (*command).to_owned()).collect()
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Refusal::OutOfMemory => "is out of memory and refuses writes",
            Refusal::TooFewReplicas => "has too few replicas and refuses writes",
            Refusal::Password => "asks for a password",
            Refusal::WritesPaused => "lets writes wait",
            Refusal::Permission => "lets nobody write",
            Refusal::ClosedConnections => "closes all connections",
        })
    }
}
