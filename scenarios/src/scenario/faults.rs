//! Functions that make the faults of the login service's own world, for scenarios.

use crate::{
    analytics, directory, mail,
    vocabulary::{Fault, Mode, OwnFault},
};
use sim::calls::{CallFault, CallOutcome};
use std::time::Duration;

/// The mail relay changes its mode.
pub fn mail(mode: Mode) -> Fault {
    Fault::Own(OwnFault::Mail(mail::Fault::Mail { mode }))
}

/// Somebody on the path hides for this time that the mail relay offers STARTTLS.
pub fn no_starttls(lasts: Duration) -> Fault {
    let lasts_ms = lasts.as_millis() as u64;
    Fault::Own(OwnFault::Mail(mail::Fault::NoStarttls { lasts_ms }))
}

/// Somebody on the path puts text in clear behind the mail relay's reply to STARTTLS for this time.
pub fn clear_behind_starttls(lasts: Duration) -> Fault {
    let lasts_ms = lasts.as_millis() as u64;
    Fault::Own(OwnFault::Mail(mail::Fault::ClearBehindStarttls { lasts_ms }))
}

/// The mail relay has another password for the replicas for this time.
pub fn relay_password(lasts: Duration) -> Fault {
    let lasts_ms = lasts.as_millis() as u64;
    Fault::Own(OwnFault::Mail(mail::Fault::RelayPassword { lasts_ms }))
}

/// The mail relay refuses all mails: see [`mail::Fault::RelayBars`].
pub fn relay_bars(what: mail::Barred, lasts: Duration) -> Fault {
    let lasts_ms = lasts.as_millis() as u64;
    Fault::Own(OwnFault::Mail(mail::Fault::RelayBars { what, lasts_ms }))
}

/// The analytics hook changes its mode.
pub fn analytics(mode: Mode) -> Fault {
    Fault::Own(OwnFault::Analytics(analytics::Fault::Analytics { mode }))
}

/// Another connection holds the directory's write lock for this time.
pub fn directory_busy(lasts: Duration) -> Fault {
    Fault::Own(OwnFault::Directory(directory::Fault::DirectoryBusy {
        lasts_ms: lasts.as_millis() as u64,
    }))
}

/// The directory's disk has no room for more for this time.
pub fn directory_full(lasts: Duration) -> Fault {
    Fault::Own(OwnFault::Directory(directory::Fault::DirectoryFull {
        lasts_ms: lasts.as_millis() as u64,
    }))
}

/// The directory's write-ahead log and its index are deleted while they are in use.
pub fn directory_log_deleted() -> Fault {
    Fault::Own(OwnFault::Directory(directory::Fault::DirectoryLogDeleted {}))
}

/// A signing key in the directory is damaged: see [`directory::Fault::SigningKeyDamaged`].
pub fn signing_key_damaged(damage: directory::Damage, lasts: Duration) -> Fault {
    Fault::Own(OwnFault::Directory(directory::Fault::SigningKeyDamaged {
        damage,
        lasts_ms: lasts.as_millis() as u64,
    }))
}

/// The next call of this name on a replica fails with this error, and is not done.
pub fn call_fails(host: &str, call: &str, error: &str) -> Fault {
    of_call(host, call, CallOutcome::Fails, error)
}

/// The next call of this name on a replica is done, and the replica gets this error instead of its answer.
pub fn answer_lost(host: &str, call: &str, error: &str) -> Fault {
    of_call(host, call, CallOutcome::AnswerLost, error)
}

/// The next call of this name on a replica is made this much later.
pub fn call_late(host: &str, call: &str, by: Duration) -> Fault {
    Fault::Call(CallFault {
        host: host.into(),
        call: call.into(),
        outcome: CallOutcome::Late,
        error: String::new(),
        by_ms: by.as_millis() as u64,
    })
}

fn of_call(host: &str, call: &str, outcome: CallOutcome, error: &str) -> Fault {
    Fault::Call(CallFault {
        host: host.into(),
        call: call.into(),
        outcome,
        error: error.into(),
        by_ms: 0,
    })
}
