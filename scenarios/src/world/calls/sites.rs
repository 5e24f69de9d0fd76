//! The list of all calls that a replica makes through its seams. A run that makes a call without an entry here panics.

use super::errors::{
    CONNECT, DELIVER, DIRECTORY_MS, DIRECTORY_READ, DIRECTORY_WRITE, ENQUEUE, FIND, MAIL_MS, STORE_HEALTH, STORE_MS,
    STORE_READ, STORE_WRITE,
};
use sim::calls::CallSite;

/// [`idp::config::Deadlines::connect`], milliseconds.
const CONNECT_MS: u64 = 300;
/// [`idp::config::Deadlines::look_at_sentinels`], milliseconds.
const LOOK_MS: u64 = 5000;
/// [`idp::config::Deadlines::analytics`], milliseconds.
const HOOK_MS: u64 = 2000;
/// Between two renewals of the shortest lease that a world may have, milliseconds.
const RENEWAL_MS_MIN: u64 = 300;
/// What only puts something into a queue waits for nobody.
const QUEUE_MS: u64 = 0;

const fn site(name: &'static str, errors: &'static [sim::calls::CallError]) -> CallSite {
    CallSite::new(name, errors)
}

const fn store(name: &'static str, errors: &'static [sim::calls::CallError]) -> CallSite {
    site(name, errors).within_ms(STORE_MS)
}

/// A transaction that reads.
const fn reads(name: &'static str) -> CallSite {
    site(name, DIRECTORY_READ).within_ms(DIRECTORY_MS)
}

/// A transaction that writes. What waits for the lock gives up after a while; the commit itself takes as long as the disk does.
const fn writes(name: &'static str) -> CallSite {
    site(name, DIRECTORY_WRITE).within_ms(DIRECTORY_MS).commits()
}

/// All calls, by dependency. `squall calls` must reach each one that gives no reason why not.
pub(crate) const CALLS: &[CallSite] = &[
    // The store: each call is named after the command and the namespace of its key.
    store("store put auth:oidc:flow", STORE_WRITE),
    store("store get auth:oidc:flow", STORE_READ),
    store("store put auth:oidc:code", STORE_WRITE),
    store("store get auth:oidc:code", STORE_READ),
    store("store take auth:oidc:code", STORE_WRITE),
    store("store put auth:email:code", STORE_WRITE),
    store("store get auth:email:code", STORE_READ),
    store("store take auth:email:code", STORE_WRITE),
    store("store put_if_absent auth:limit:send-once", STORE_WRITE),
    store("store release auth:limit:send-once", STORE_WRITE)
        .unreached("only a press of the button that failed is taken back; the sweep's own faults make it"),
    store("store put auth:limit:send-once", STORE_WRITE)
        .unreached("only a press that failed after it was counted is noted; the sweep's own faults make it"),
    store("store take auth:limit:send-once", STORE_WRITE)
        .unreached("only a press over a limit looks whether another one has failed; attackers press so often"),
    store("store count auth:limit:send", STORE_WRITE),
    store("store count auth:limit:verify", STORE_WRITE),
    store("store count auth:limit:login", STORE_WRITE),
    store("store count auth:limit:client-login", STORE_WRITE),
    store("store count auth:limit:client-send", STORE_WRITE),
    store("store count auth:limit:long-login", STORE_WRITE)
        .unreached("only what is too long for a cookie is counted; large_heads and spraying have such"),
    store("store put_if_absent auth:limit:verify", STORE_WRITE),
    store("store put auth:limit:verify", STORE_WRITE),
    store("store get auth:limit:verify", STORE_READ)
        .unreached("only the twin of an attempt asks for its outcome; code_race and the swarm have double clicks"),
    store("store renew auth:limit:verify", STORE_WRITE)
        .unreached("only an attempt that goes on for seconds stays noted; twins_wait_in_vain has such"),
    store("store release auth:limit:verify", STORE_WRITE)
        .unreached("only an attempt that came to nothing is taken back; the sweep's own faults make it"),
    store("store put_if_absent auth:leader", STORE_WRITE).every_ms(RENEWAL_MS_MIN),
    store("store renew auth:leader", STORE_WRITE).every_ms(RENEWAL_MS_MIN),
    store("store release auth:leader", STORE_WRITE)
        .unreached("only a lease without an epoch is given back; the sweep's own faults make it"),
    // Two commands, each with its deadline: in a process that was paused meanwhile the second one begins late.
    site("store health", STORE_HEALTH).every_ms(1000),
    store("store time", STORE_READ).every_ms(1000),
    // The directory: each call is one transaction.
    site("directory open", DIRECTORY_WRITE),
    writes("directory ensure_pepper"),
    reads("directory signing_keys"),
    writes("directory ensure_signing_key"),
    reads("directory client"),
    reads("directory user_by_address"),
    reads("directory user"),
    writes("directory open_session"),
    reads("directory session"),
    writes("directory end_replaced")
        .unreached("only who logs in again in the same browser has a session to replace; people of other stories do"),
    writes("directory end_session"),
    writes("directory redeem"),
    reads("directory spent_code"),
    writes("directory revoke_token_of"),
    reads("directory token"),
    writes("directory count_attempt"),
    reads("directory is_known").unreached(
        "only a browser in which somebody has logged in before has a cookie for it; people of other stories return",
    ),
    writes("directory succeed"),
    writes("directory begin_epoch"),
    reads("directory newest_epoch").by_clock(),
    writes("directory add_reminder")
        .unreached("no route of the service adds a reminder yet; a plan's are there from the start"),
    reads("directory due_reminders").every_ms(1000),
    writes("directory claim_reminder"),
    writes("directory finish_reminder"),
    writes("directory unclaim_reminder")
        .unreached("only a reminder that was not sent is given back; the sweep's own faults make it"),
    site("directory sweep", DIRECTORY_WRITE)
        .every_ms(60_000)
        .unreached("the leader sweeps once a minute, and these stories are over before; longer ones have it"),
    writes("directory probe").every_ms(1000),
    // Mail, analytics, and connections.
    site("mail enqueue", ENQUEUE).within_ms(QUEUE_MS),
    site("mail deliver", DELIVER).within_ms(MAIL_MS),
    site("hook record", &[]).within_ms(QUEUE_MS),
    // All Sentinels are asked at once.
    site("sentinel find", FIND).within_ms(CONNECT_MS),
    site("sentinel elected", &[]).within_ms(CONNECT_MS).every_ms(LOOK_MS),
    site("connect sentinel", CONNECT).within_ms(CONNECT_MS).by_clock(),
    site("connect redis", CONNECT).within_ms(CONNECT_MS),
    site("connect mail", CONNECT).within_ms(MAIL_MS),
    site("connect hook", CONNECT).within_ms(HOOK_MS),
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
    /// A look at the Sentinels in the background: nobody waits for it.
    Lookout,
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
        "sentinel elected" => Purpose::Lookout,
        "sentinel find" | "connect sentinel" | "connect redis" => Purpose::Store,
        "store health"
        | "store time"
        | "directory probe"
        | "directory open"
        | "directory ensure_pepper"
        | "directory signing_keys"
        | "directory ensure_signing_key" => Purpose::Replica,
        _ => Purpose::Login,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deadlines_are_those_that_operators_are_told() {
        let documented = spec::Settings::default();
        for (row, ms) in [
            ("a call to the store", STORE_MS),
            ("connecting to Redis or to a Sentinel", CONNECT_MS),
            ("the directory's lock", DIRECTORY_MS),
            ("mail relay", MAIL_MS),
            ("analytics hook", HOOK_MS),
            ("looks at the Sentinels", LOOK_MS),
        ] {
            assert_eq!(documented.get(row), ms, "{row}");
        }
    }
}
