//! Why a Redis node refuses commands, and what is typed at its console to make it so.

use crate::world::{Operator, ServiceUser};
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
    /// It asks for a password that nobody has, of all who have no user of their own: what they ask gets `NOAUTH`. Where processes
    /// have a user, these are operators, other nodes and Sentinels.
    Password,
    /// Writes wait (`CLIENT PAUSE … WRITE`), as during a planned failover.
    WritesPaused,
    /// Nobody may write any more (`ACL SETUSER default -@write`, and the same of the processes' user): writes get `NOPERM`.
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
pub(crate) fn sentinel_asks_no_more(operator: &Operator) -> Vec<String> {
    let as_before = match operator.admin.as_str() {
        "" => "ACL SETUSER default nopass".to_owned(),
        password => format!("ACL SETUSER default resetpass >{password}"),
    };
    vec![GIVES_PASSWORD.to_owned(), as_before, FLUSHES.to_owned()]
}

/// Sets how many replicas a master must have; no world has nine.
const REPLICAS: &str = "CONFIG SET min-replicas-to-write";

impl Refusal {
    /// What is typed when it begins.
    pub(crate) fn begins(self, lasts_ms: u64, operator: &Operator) -> Vec<String> {
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
            Refusal::Permission => return permit(operator, "-@write", |_| "-@write".to_owned()),
            Refusal::ClosedConnections => &["CLIENT KILL TYPE normal"],
            Refusal::AnotherPassword => return with_password(operator, |_| "another-secret"),
        };
        commands.iter().map(|command| (*command).to_owned()).collect()
    }

    /// What is typed when it ends.
    pub(crate) fn ends(self, operator: &Operator) -> Vec<String> {
        let commands: &[&str] = match self {
            Refusal::OutOfMemory => &["CONFIG SET maxmemory 0"],
            Refusal::TooFewReplicas => return vec![format!("{REPLICAS} 0")],
            Refusal::Password => {
                let as_before = format!("CONFIG SET requirepass \"{}\"", operator.admin);
                return vec![GIVES_PASSWORD.to_owned(), as_before];
            }
            Refusal::WritesPaused => &["CLIENT UNPAUSE"],
            Refusal::Permission => return permit(operator, "+@all", |own| own.rules.clone()),
            Refusal::ClosedConnections => &[],
            Refusal::AnotherPassword => return with_password(operator, |own| own),
        };
        commands.iter().map(|command| (*command).to_owned()).collect()
    }
}

/// Gives the default user these rules, and the user of the service's processes others.
fn permit(operator: &Operator, of_default: &str, of_user: impl Fn(&ServiceUser) -> String) -> Vec<String> {
    let user = operator.user.iter();
    let user = user.map(|own| format!("ACL SETUSER {} {}", own.name, of_user(own)));
    [format!("ACL SETUSER default {of_default}")]
        .into_iter()
        .chain(user)
        .collect()
}

/// Gives the user of the service's processes this password. Who is connected stays authenticated, so everybody has to connect
/// again.
fn with_password(operator: &Operator, password: impl Fn(&str) -> &str) -> Vec<String> {
    let Some(own) = &operator.user else { return vec![] };
    let set = format!("ACL SETUSER {} resetpass >{}", own.name, password(&own.password));
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
