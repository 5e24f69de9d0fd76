//! The errors of a replica's calls: what the real dependency answers, and how the service's own code reports it.
//!
//! Sources. Redis 7.0.15's error replies, with the texts of `server.c` and `replication.c`, as
//! `core/src/store/classify.rs` classifies them (a command that got an error reply was not executed; a lost reply is
//! unknown). SQLite's result codes (<https://sqlite.org/rescode.html>), as `core/src/store/sqlite` classifies them:
//! only a failed COMMIT is of unknown outcome. RFC 5321 section 4.2 for the relay's replies; before the final dot
//! nothing can have been sent.

use seams::{Cause, Failure};
use sim::calls::CallError;

/// An error that comes immediately.
const fn at_once(name: &'static str, failure: fn() -> Failure) -> CallError {
    CallError {
        name,
        failure,
        after_ms: 0,
    }
}

/// An error that comes when a deadline is over, after this many milliseconds.
const fn after(after_ms: u64, name: &'static str, failure: fn() -> Failure) -> CallError {
    CallError {
        name,
        failure,
        after_ms,
    }
}

fn redis_says(line: &str) -> Failure {
    Failure::Fail(Cause::Refused(format!("redis: {line}")))
}

fn late(what: &'static str, limit_ms: u64) -> Cause {
    Cause::Deadline { what, limit_ms }
}

/// [`idp::config::Deadlines::store`], milliseconds.
pub(super) const STORE_MS: u64 = 800;
/// [`idp::config::Deadlines::directory`], milliseconds.
pub(super) const DIRECTORY_MS: u64 = 1000;
/// [`idp::config::Deadlines::mail`], milliseconds.
pub(super) const MAIL_MS: u64 = 10_000;

const NO_MASTER: CallError = at_once("no-master", || Failure::Fail(Cause::NoMaster));
const UNREACHABLE: CallError = at_once("refused", || {
    Failure::Fail(Cause::Unreachable("redis at redis-1:6379 (connection refused)".into()))
});
const NOT_CONNECTED: CallError = after(STORE_MS, "not-connected-in-time", || {
    Failure::Fail(late("the store", STORE_MS))
});
const RESET: CallError = at_once("reset", || {
    Failure::Unknown(Cause::ConnectionLost("redis: connection reset by peer".into()))
});
const TIMEOUT: CallError = after(STORE_MS, "timeout", || Failure::Unknown(late("the store", STORE_MS)));
const LOADING: CallError = at_once("LOADING", || {
    redis_says("LOADING Redis is loading the dataset in memory")
});
const MASTERDOWN: CallError = at_once("MASTERDOWN", || {
    redis_says("MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.")
});
const NOAUTH: CallError = at_once("NOAUTH", || redis_says("NOAUTH Authentication required."));
const WRONGTYPE: CallError = at_once("WRONGTYPE", || {
    let line = "redis: WRONGTYPE Operation against a key holding the wrong kind of value";
    Failure::Fail(Cause::Protocol(line.into()))
});
const READONLY: CallError = at_once("READONLY", || {
    redis_says("READONLY You can't write against a read only replica.")
});
const NOREPLICAS: CallError = at_once("NOREPLICAS", || {
    redis_says("NOREPLICAS Not enough good replicas to write.")
});
const OOM: CallError = at_once("OOM", || {
    redis_says("OOM command not allowed when used memory > 'maxmemory'.")
});
const MISCONF: CallError = at_once("MISCONF", || {
    redis_says("MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.")
});

/// Errors of a command that only reads.
pub(super) const STORE_READ: &[CallError] = &[
    NO_MASTER,
    UNREACHABLE,
    NOT_CONNECTED,
    RESET,
    TIMEOUT,
    LOADING,
    MASTERDOWN,
    NOAUTH,
    WRONGTYPE,
];

/// Errors of a command that writes.
pub(super) const STORE_WRITE: &[CallError] = &[
    NO_MASTER,
    UNREACHABLE,
    NOT_CONNECTED,
    RESET,
    TIMEOUT,
    LOADING,
    MASTERDOWN,
    NOAUTH,
    WRONGTYPE,
    READONLY,
    NOREPLICAS,
    OOM,
    MISCONF,
];

/// Errors of ROLE, which touches no key and is answered while a dataset is loaded.
pub(super) const STORE_HEALTH: &[CallError] = &[NO_MASTER, UNREACHABLE, NOT_CONNECTED, RESET, TIMEOUT, NOAUTH];

fn storage(what: &str) -> Failure {
    Failure::Fail(Cause::Storage(what.into()))
}

const BUSY: CallError = after(DIRECTORY_MS, "SQLITE_BUSY", || Failure::Fail(Cause::Busy));
const IOERR: CallError = at_once("SQLITE_IOERR", || storage("disk I/O error"));
const CORRUPT: CallError = at_once("SQLITE_CORRUPT", || storage("database disk image is malformed"));
const FULL: CallError = at_once("SQLITE_FULL", || Failure::Fail(Cause::DiskFull));
const SQLITE_READONLY: CallError = at_once("SQLITE_READONLY", || storage("attempt to write a readonly database"));
const IOERR_AT_COMMIT: CallError = at_once("SQLITE_IOERR_FSYNC", || {
    Failure::Unknown(Cause::Storage("disk I/O error".into()))
});

/// Errors of a transaction that only reads.
pub(super) const DIRECTORY_READ: &[CallError] = &[BUSY, IOERR, CORRUPT];

/// Errors of a transaction that writes.
pub(super) const DIRECTORY_WRITE: &[CallError] = &[BUSY, IOERR, CORRUPT, FULL, SQLITE_READONLY, IOERR_AT_COMMIT];

/// Errors of putting a mail into the outbox.
pub(super) const ENQUEUE: &[CallError] = &[at_once("full", || Failure::Fail(Cause::Full("outbox")))];

fn relay_says(line: &str) -> Failure {
    Failure::Fail(Cause::Refused(line.into()))
}

/// Errors of handing a mail to the relay.
pub(super) const DELIVER: &[CallError] = &[
    at_once("refused", || {
        Failure::Fail(Cause::Unreachable("mail:25 (connection refused)".into()))
    }),
    at_once("421", || {
        relay_says("421 relay.example Service not available, closing channel")
    }),
    at_once("450", || relay_says("450 4.2.1 Mailbox temporarily unavailable")),
    at_once("451", || relay_says("451 4.3.0 Error: queue file write error")),
    // Of the recipient: final. A refusal by policy, 5.7.x, is not.
    at_once("550", || {
        Failure::Fail(Cause::RefusedForGood(
            "permanent error (550): 5.1.1 No such user".into(),
        ))
    }),
    at_once("554", || relay_says("554 5.7.1 Message rejected")),
    after(MAIL_MS, "timeout-before-data", || {
        Failure::Fail(late("the mail relay", MAIL_MS))
    }),
    after(MAIL_MS, "timeout-after-data", || {
        Failure::Unknown(late("the mail relay", MAIL_MS))
    }),
    at_once("reset-after-data", || {
        Failure::Unknown(Cause::ConnectionLost("connection reset by peer".into()))
    }),
];

/// Errors of asking the Sentinels for the master: the caller gets an error only after all of them were asked.
pub(super) const FIND: &[CallError] = &[NO_MASTER];

/// Errors of connecting to a peer. Nothing has been sent to it yet.
pub(super) const CONNECT: &[CallError] = &[
    at_once("refused", || {
        Failure::Fail(Cause::Unreachable("connection refused".into()))
    }),
    at_once("no-route", || {
        Failure::Fail(Cause::Unreachable("no route to host".into()))
    }),
    // Longer than every caller's deadline, which ends the call.
    after(15_000, "timeout", || {
        Failure::Fail(Cause::Unreachable("connection timed out".into()))
    }),
];
