//! Why a Redis node refuses commands, and what is typed at its console to make it so.

use crate::world::Typist;
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
    /// The password of the service's user is another one: whoever connects gets `WRONGPASS`. Only where it has a user.
    AnotherPassword,
}

/// All of them that any node can have.
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

/// What is typed at a Sentinel so that it asks for a password that its clients do not have. A Sentinel has no CONFIG.
pub(crate) fn sentinel_asks() -> Vec<String> {
    vec!["ACL SETUSER default resetpass >secret".to_owned(), FLUSHES.to_owned()]
}

/// What is typed when it ends.
pub(crate) fn sentinel_asks_no_more(typist: &Typist) -> Vec<String> {
    let as_before = match typist.admin.as_str() {
        "" => "ACL SETUSER default nopass".to_owned(),
        password => format!("ACL SETUSER default resetpass >{password}"),
    };
    vec![GIVES_PASSWORD.to_owned(), as_before, FLUSHES.to_owned()]
}

/// Sets how many replicas a master must have; no world has nine.
const REPLICAS: &str = "CONFIG SET min-replicas-to-write";

impl Refusal {
    /// What is typed when it begins.
    pub(crate) fn begins(self, lasts_ms: u64, typist: &Typist) -> Vec<String> {
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
            Refusal::AnotherPassword => return with_password(typist, |_| "another-secret"),
        };
        commands.iter().map(|command| (*command).to_owned()).collect()
    }

    /// What is typed when it ends.
    pub(crate) fn ends(self, typist: &Typist) -> Vec<String> {
        let commands: &[&str] = match self {
            Refusal::OutOfMemory => &["CONFIG SET maxmemory 0"],
            Refusal::TooFewReplicas => return vec![format!("{REPLICAS} 0")],
            Refusal::Password => {
                let as_before = format!("CONFIG SET requirepass \"{}\"", typist.admin);
                return vec![GIVES_PASSWORD.to_owned(), as_before];
            }
            Refusal::WritesPaused => &["CLIENT UNPAUSE"],
            Refusal::Permission => &["ACL SETUSER default +@all"],
            Refusal::ClosedConnections => &[],
            Refusal::AnotherPassword => return with_password(typist, |own| own),
        };
        commands.iter().map(|command| (*command).to_owned()).collect()
    }
}

/// Gives the service's user this password. Who is connected stays authenticated, so everybody has to connect again.
fn with_password(typist: &Typist, password: impl Fn(&str) -> &str) -> Vec<String> {
    let Some((user, own)) = &typist.user else { return vec![] };
    let set = format!("ACL SETUSER {user} resetpass >{}", password(own));
    vec![set, "CLIENT KILL TYPE normal".to_owned()]
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
            Refusal::AnotherPassword => "has another password for the service",
        })
    }
}
