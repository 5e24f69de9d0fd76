//! Whether a line of the log blames what a fault of the run can have hit, and tells truly how it failed.

use super::errors_explained::blamed;
use crate::{
    directory,
    exchange::touches,
    property::spans::{keeps_lock_until_ms, lasting_since_ms},
    vocabulary::{Fault, OwnFault},
};
use spec::LogLine;

/// Whether a line blames nothing that works, given the faults of the run with their times.
pub(super) fn blames_rightly(line: &LogLine<'_>, faults: &[(u64, &Fault)]) -> bool {
    let so_far = faults.iter().take_while(|(at_ms, _)| *at_ms <= line.at_ms);
    let so_far = so_far.map(|(_, fault)| *fault);
    let mut told = KINDS.iter().filter(|(says, _)| line.text.contains(says));
    told.all(|(_, may_cause)| so_far.clone().any(may_cause))
        && fits_the_disk(line, faults)
        && waited(line, faults)
        && reached_nobody(line, so_far.clone())
        && lacked_descriptors(line, faults)
        && blamed(line.text, so_far)
}

/// Whether a fault can cause a failure.
type MayCause = fn(&Fault) -> bool;

/// What failures are called that are not the store's, and the faults that can cause them.
const KINDS: [(&str, MayCause); 12] = [
    ("signing key ", damages_a_key),
    ("no signature algorithm", damages_a_key),
    ("this clock is ", is_of_a_clock),
    ("its clock is too far", is_of_a_clock),
    ("the directory's files were deleted", is_log_deleted),
    ("the directory's disk is full", fills),
    ("the directory is locked", locks),
    (LOCKED[0], locks),
    (LOCKED[1], locks),
    ("the directory failed", |fault| {
        fills(fault)
            || is_log_deleted(fault)
            || damages_a_key(fault)
            || matches!(fault, Fault::DiskError { .. })
            || matches!(fault, Fault::Call(call) if call.error != BUSY)
    }),
    // Whatever else it waits for has a deadline.
    ("a request without a client did not end", |fault| {
        matches!(fault, Fault::DiskSlow { .. } | Fault::Pause { .. })
    }),
    ("analytics loses events", |fault| {
        let touched = touches(fault);
        touched.analytics || touched.service
    }),
];

/// What is said by whoever had to wait too long to write.
const LOCKED: [&str; 2] = [
    "the directory stayed locked",
    "the queue of the directory's writers is long",
];

/// The error of a call whose lock somebody else has.
const BUSY: &str = "SQLITE_BUSY";

/// The error of a call for which there is no room.
const FULL: &str = "SQLITE_FULL";

/// Whether a failed transaction is told as what it is, where the disk can have failed in one way only: before the commit, which
/// is not done, or after it, of which nobody knows.
fn fits_the_disk(line: &LogLine<'_>, faults: &[(u64, &Fault)]) -> bool {
    let so_far = faults.iter().take_while(|(at_ms, _)| *at_ms <= line.at_ms);
    let reads = line.text.strip_prefix("keys cannot be loaded yet; trying again cause=");
    let of_disk = line.text.strip_prefix("the directory failed cause=");
    let Some(failure) = of_disk.or(reads) else {
        return true;
    };
    if ["signing key ", "no signature algorithm"]
        .iter()
        .any(|says| failure.contains(says))
    {
        return failure.starts_with("not done: "); // it was read
    }
    if of_disk.is_none() {
        return true; // the line about the directory itself says how it failed
    }
    if failure == "not done: the directory's disk is full" {
        return true; // SQLite says so itself, and means it
    }
    if failure == "not done: the directory's files were deleted or replaced" {
        return true; // the names of the files say so
    }
    if failure == "outcome unknown: the directory's files were deleted or replaced" {
        return so_far.clone().any(|(at_ms, fault)| {
            is_log_deleted(fault) && line.at_ms <= at_ms + longest_commit_ms(so_far.clone().map(|(_, fault)| *fault))
        });
    }
    let mut disks = so_far.filter_map(|(_, fault)| match fault {
        Fault::DiskError { after_commit, .. } => Some(*after_commit),
        _ => None,
    });
    disks.any(|after_commit| {
        failure.starts_with(if after_commit {
            "outcome unknown: "
        } else {
            "not done: "
        })
    })
}

/// How long a commit may take that is under way when something happens, milliseconds.
fn longest_commit_ms<'a>(faults: impl Iterator<Item = &'a Fault>) -> u64 {
    const USUAL_MS: u64 = 50;
    let slow_ms = faults.filter_map(|fault| match fault {
        Fault::DiskSlow { by_ms, .. } => Some(*by_ms),
        _ => None,
    });
    USUAL_MS + slow_ms.max().unwrap_or_default()
}

/// Whether the hook can have been out of reach, if a replica says that it did not get an event. A hook that is reached and does
/// not answer, or not to the end, may have acted: then nobody knows.
fn reached_nobody<'a>(line: &LogLine<'_>, mut faults: impl Iterator<Item = &'a Fault>) -> bool {
    let not_done = line.text.strip_prefix("analytics loses events cause=not done: ");
    let is_of_the_way = |why: &str| why.starts_with("the answer took longer") || why.starts_with("connection lost");
    if !not_done.is_some_and(is_of_the_way) {
        return true;
    }
    faults.any(|fault| {
        let touched = touches(fault);
        let is_on_the_way = touched.analytics || touched.service;
        is_on_the_way && !matches!(fault, Fault::Own(OwnFault::Analytics(_)))
    })
}

/// Whether somebody had held the lock for as long as a replica says that it has waited.
fn waited(line: &LogLine<'_>, troubles: &[(u64, &Fault)]) -> bool {
    /// Between the tries of a replica, and until the lock is taken.
    const SLACK_MS: u64 = 100;
    let told = LOCKED.iter().find_map(|told| line.text.strip_prefix(told));
    let Some(waited_ms) = told.and_then(|told| told.strip_prefix(" waited_ms=")) else {
        return true;
    };
    let waited_ms: u64 = waited_ms.parse().unwrap_or(u64::MAX);
    let began_ms = (line.at_ms + SLACK_MS).saturating_sub(waited_ms);
    let held = |(at_ms, fault): &(u64, &Fault)| match fault {
        // The lock is held during each commit of the other replica; the last one begins at the end of the fault.
        Fault::DiskSlow { by_ms, lasts_ms, .. } => {
            let until_ms = at_ms + lasts_ms + by_ms;
            *at_ms <= line.at_ms && line.at_ms <= until_ms + waited_ms + SLACK_MS
        }
        _ => false,
    };
    // Whoever is paused in a commit keeps it for as long.
    let mut kept = (0..troubles.len()).filter_map(|index| {
        let until_ms = keeps_lock_until_ms(troubles, index)?;
        Some((troubles[index].0, until_ms.saturating_add(waited_ms + SLACK_MS)))
    });
    let is_kept = kept.any(|(from_ms, until_ms)| (from_ms..=until_ms).contains(&line.at_ms));
    let locked = (troubles.iter())
        .filter(|(_, fault)| is_held(fault))
        .map(|(from_ms, fault)| (*from_ms, from_ms + fault.lasts_ms().unwrap_or(u64::MAX / 2)));
    let since_ms = lasting_since_ms(locked, line.at_ms.saturating_sub(SLACK_MS));
    troubles.iter().any(held) || is_kept || since_ms.is_some_and(|since_ms| since_ms <= began_ms)
}

fn is_held(fault: &Fault) -> bool {
    matches!(
        fault,
        Fault::Own(OwnFault::Directory(directory::Fault::DirectoryBusy { .. }))
    )
}

fn is_of_a_clock(fault: &Fault) -> bool {
    matches!(fault, Fault::ClockOffset { .. } | Fault::ClockJump { .. })
}

fn is_log_deleted(fault: &Fault) -> bool {
    matches!(
        fault,
        Fault::Own(OwnFault::Directory(directory::Fault::DirectoryLogDeleted {}))
    )
}

fn damages_a_key(fault: &Fault) -> bool {
    matches!(
        fault,
        Fault::Own(OwnFault::Directory(directory::Fault::SigningKeyDamaged { .. }))
    )
}

fn fills(fault: &Fault) -> bool {
    matches!(
        fault,
        Fault::Own(OwnFault::Directory(directory::Fault::DirectoryFull { .. }))
    ) || matches!(fault, Fault::Call(call) if call.error == FULL)
}

fn locks(fault: &Fault) -> bool {
    is_held(fault)
        || matches!(fault, Fault::DiskSlow { .. })
        || matches!(fault, Fault::Call(call) if call.error == BUSY)
}

/// Whether the process had no descriptor left at that moment, if a line tells of what needs a new one.
fn lacked_descriptors(line: &LogLine<'_>, faults: &[(u64, &Fault)]) -> bool {
    let needs_one = ["no connection could be accepted", "the port cannot be opened"];
    if !needs_one.iter().any(|says| line.text.contains(says)) {
        return true;
    }
    let is_over = |from_ms: u64| {
        let mut heals = faults.iter().filter(|(_, fault)| **fault == Fault::Heal);
        heals.any(|(at_ms, _)| from_ms <= *at_ms && *at_ms < line.at_ms)
    };
    faults.iter().any(|(from_ms, fault)| match fault {
        Fault::NoDescriptors { host, lasts_ms } => {
            host == line.host && (*from_ms..=from_ms + lasts_ms).contains(&line.at_ms) && !is_over(*from_ms)
        }
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_is_paused_in_a_commit_keeps_the_lock() {
        let slow = Fault::DiskSlow {
            host: "idp-a".into(),
            by_ms: 100,
            lasts_ms: 1_000,
        };
        let (host, resumed) = ("idp-a".to_owned(), Fault::Resume { host: "idp-a".into() });
        let paused = Fault::Pause { host };
        let says = |paused_ms, at_ms| {
            let (host, level, text) = ("idp-b", "WARN", "the directory stayed locked waited_ms=1000");
            let line = LogLine {
                at_ms,
                host,
                level,
                text,
            };
            let faults = [(1_000, &slow), (paused_ms, &paused), (20_000, &resumed)];
            blames_rightly(&line, &faults)
        };
        assert!(says(1_500, 12_000) && says(1_500, 21_000));
        assert!(!says(1_500, 21_200), "it has gone on");
        assert!(!says(5_000, 12_000), "it was in no commit");
    }

    #[test]
    fn locks_that_overlap_are_one() {
        let held = |lasts_ms| Fault::Own(OwnFault::Directory(directory::Fault::DirectoryBusy { lasts_ms }));
        let (first, second) = (held(1_500), held(1_100));
        let line = LogLine {
            at_ms: 3_000,
            host: "idp-a",
            level: "WARN",
            text: "the directory stayed locked waited_ms=1000",
        };
        assert!(blames_rightly(&line, &[(1_000, &first), (2_200, &second)]));
        assert!(
            !blames_rightly(&line, &[(500, &first), (2_200, &second)]),
            "it was free in between"
        );
        assert!(!blames_rightly(&line, &[(500, &first)]));
    }
}
