//! The list of all calls that a replica makes through its seams. A run that makes a call without an entry here panics.

use super::errors::{
    CONNECT, DELIVER, DIRECTORY_READ, DIRECTORY_WRITE, ENQUEUE, FIND, STORE_HEALTH, STORE_READ, STORE_WRITE,
};
use sim::calls::CallSite;

const fn site(name: &'static str, errors: &'static [sim::calls::CallError]) -> CallSite {
    CallSite::new(name, errors)
}

/// All calls, by dependency. `squall calls` must reach each one that gives no reason why not.
pub(crate) const CALLS: &[CallSite] = &[
    // The store: each call is named after the command and the namespace of its key.
    site("store put auth:oidc:flow", STORE_WRITE),
    site("store get auth:oidc:flow", STORE_READ),
    site("store put auth:oidc:code", STORE_WRITE),
    site("store get auth:oidc:code", STORE_READ),
    site("store take auth:oidc:code", STORE_WRITE),
    site("store put auth:email:code", STORE_WRITE),
    site("store get auth:email:code", STORE_READ),
    site("store take auth:email:code", STORE_WRITE),
    site("store put_if_absent auth:limit:send-once", STORE_WRITE),
    site("store release auth:limit:send-once", STORE_WRITE)
        .unreached("only a press of the button that failed is taken back; the sweep's own faults make it"),
    site("store count auth:limit:send", STORE_WRITE),
    site("store count auth:limit:verify", STORE_WRITE),
    site("store count auth:limit:login", STORE_WRITE),
    site("store put_if_absent auth:limit:verify", STORE_WRITE),
    site("store put auth:limit:verify", STORE_WRITE),
    site("store get auth:limit:verify", STORE_READ)
        .unreached("only the twin of an attempt asks for its outcome; code_race and the swarm have double clicks"),
    site("store release auth:limit:verify", STORE_WRITE)
        .unreached("only an attempt that came to nothing is taken back; the sweep's own faults make it"),
    site("store put_if_absent auth:leader", STORE_WRITE).by_clock(),
    site("store renew auth:leader", STORE_WRITE).by_clock(),
    site("store release auth:leader", STORE_WRITE)
        .unreached("only a lease without an epoch is given back; the sweep's own faults make it"),
    site("store health", STORE_HEALTH).every_ms(1000),
    // The directory: each call is one transaction.
    site("directory open", DIRECTORY_WRITE),
    site("directory ensure_pepper", DIRECTORY_WRITE),
    site("directory signing_keys", DIRECTORY_READ),
    site("directory ensure_signing_key", DIRECTORY_WRITE),
    site("directory client", DIRECTORY_READ),
    site("directory user_by_address", DIRECTORY_READ),
    site("directory user", DIRECTORY_READ),
    site("directory open_session", DIRECTORY_WRITE),
    site("directory session", DIRECTORY_READ),
    site("directory end_session", DIRECTORY_WRITE),
    site("directory redeem", DIRECTORY_WRITE),
    site("directory token", DIRECTORY_READ),
    site("directory failures", DIRECTORY_READ),
    site("directory count_failure", DIRECTORY_WRITE),
    site("directory clear_failures", DIRECTORY_WRITE),
    site("directory begin_epoch", DIRECTORY_WRITE),
    site("directory newest_epoch", DIRECTORY_READ).by_clock(),
    site("directory add_reminder", DIRECTORY_WRITE)
        .unreached("no route of the service adds a reminder yet; a plan's are there from the start"),
    site("directory due_reminders", DIRECTORY_READ).every_ms(1000),
    site("directory claim_reminder", DIRECTORY_WRITE),
    site("directory finish_reminder", DIRECTORY_WRITE),
    site("directory unclaim_reminder", DIRECTORY_WRITE)
        .unreached("only a reminder that was not sent is given back; the sweep's own faults make it"),
    site("directory sweep", DIRECTORY_WRITE)
        .every_ms(60_000)
        .unreached("the leader sweeps once a minute, and these stories are over before; longer ones have it"),
    site("directory probe", DIRECTORY_WRITE).every_ms(1000),
    // Mail, analytics, and connections.
    site("mail enqueue", ENQUEUE),
    site("mail deliver", DELIVER),
    site("hook record", &[]),
    site("sentinel find", FIND),
    site("connect sentinel", CONNECT),
    site("connect redis", CONNECT),
    site("connect mail", CONNECT),
    site("connect hook", CONNECT),
];

/// The purpose of a call, which says what its failure can harm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A person's login.
    Login,
    /// A mail with a code, after a page has promised it.
    Mail,
    /// The leader's jobs.
    Leader,
    /// Analytics: nobody waits for it.
    Analytics,
    /// The connection to Redis, for any purpose.
    Store,
    /// The replica's health check, and what it does before it opens its port.
    Replica,
}

/// The purpose of a call, by its name.
pub(crate) fn purpose(call: &str) -> Purpose {
    match call {
        "connect mail" => Purpose::Mail,
        "mail deliver"
        | "store put_if_absent auth:leader"
        | "store renew auth:leader"
        | "store release auth:leader"
        | "directory begin_epoch"
        | "directory newest_epoch"
        | "directory due_reminders"
        | "directory claim_reminder"
        | "directory finish_reminder"
        | "directory unclaim_reminder"
        | "directory sweep" => Purpose::Leader,
        "hook record" | "connect hook" => Purpose::Analytics,
        "sentinel find" | "connect sentinel" | "connect redis" => Purpose::Store,
        "store health"
        | "directory probe"
        | "directory open"
        | "directory ensure_pepper"
        | "directory signing_keys"
        | "directory ensure_signing_key" => Purpose::Replica,
        _ => Purpose::Login,
    }
}
