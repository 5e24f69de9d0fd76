//! How long each fault lasted.

use super::faults;
use crate::{
    analytics, mail,
    vocabulary::{Fault, History, OwnFault},
};

/// A fault, from when to when, milliseconds.
pub(crate) struct Span<'a> {
    pub(crate) from_ms: u64,
    pub(crate) to_ms: u64,
    pub(crate) fault: &'a Fault,
}

/// The faults of the run, repairs left out. A fault ends by itself, by its repair or when everything heals.
pub(crate) fn spans(history: &History) -> Vec<Span<'_>> {
    let all: Vec<(u64, &Fault)> = faults(history).map(|(at_ms, _, fault)| (at_ms, fault)).collect();
    let broken = all.iter().enumerate().filter(|(_, (_, fault))| !fault.repairs());
    broken
        .map(|(index, (from_ms, fault))| {
            let by_itself_ms = fault.lasts_ms().map_or(u64::MAX, |lasts_ms| from_ms + lasts_ms);
            let mut later = all[index + 1..].iter();
            let ended = later.find(|(_, later)| is_over(fault, later));
            Span {
                from_ms: *from_ms,
                to_ms: ended.map_or(u64::MAX, |(at_ms, _)| *at_ms).min(by_itself_ms),
                fault,
            }
        })
        .collect()
}

/// Whether a fault is over with a later one.
fn is_over(fault: &Fault, later: &Fault) -> bool {
    use analytics::Fault::Analytics;
    use mail::Fault::Mail;
    match (fault, later) {
        (_, Fault::Heal) => true,
        // What was configured is gone after a restart.
        (Fault::RedisRefuses { host, .. }, Fault::Kill { host: of } | Fault::PowerLoss { host: of }) => host == of,
        // A peer has one mode at a time; what somebody does on the way to it has an end of its own.
        (Fault::Own(OwnFault::Mail(Mail { .. })), Fault::Own(OwnFault::Mail(Mail { .. }))) => true,
        (Fault::Own(OwnFault::Analytics(Analytics { .. })), Fault::Own(OwnFault::Analytics(Analytics { .. }))) => true,
        _ => fault.is_ended_by(later),
    }
}

/// Since when something lasts without a break, at a time, of which each part is from when to when, milliseconds. Parts that overlap
/// or touch are one. `None`: nothing lasts then.
pub(crate) fn lasting_since_ms(parts: impl IntoIterator<Item = (u64, u64)>, at_ms: u64) -> Option<u64> {
    let mut begun: Vec<(u64, u64)> = parts.into_iter().filter(|(from_ms, _)| *from_ms <= at_ms).collect();
    begun.sort_unstable();
    let joined = begun
        .into_iter()
        .reduce(|(since_ms, until_ms), (from_ms, to_ms)| match from_ms <= until_ms {
            true => (since_ms, until_ms.max(to_ms)),
            false => (from_ms, to_ms),
        });
    joined
        .filter(|(_, until_ms)| at_ms <= *until_ms)
        .map(|(since_ms, _)| since_ms)
}

/// Until when a process that is paused by one of the faults keeps the lock of the directory, milliseconds, if it may have been
/// in a commit: its disk was slow. Without that a commit takes no longer than its rows do (8 ms for a sweep of 500), and in no story
/// has a pause fallen into that.
pub(crate) fn keeps_lock_until_ms(faults: &[(u64, &Fault)], index: usize) -> Option<u64> {
    let (paused_ms, Fault::Pause { host: paused }) = faults[index] else {
        return None;
    };
    let is_commit = |(from_ms, fault): &(u64, &Fault)| match fault {
        Fault::DiskSlow { host, by_ms, lasts_ms } => {
            host == paused && (*from_ms..=from_ms + lasts_ms + by_ms).contains(&paused_ms)
        }
        _ => false,
    };
    let goes_on = |fault: &Fault| match fault {
        Fault::Heal => true,
        Fault::Resume { host } | Fault::Kill { host } | Fault::PowerLoss { host } => host == paused,
        _ => false,
    };
    let until_ms = || (faults[index..].iter()).find_map(|(at_ms, fault)| goes_on(fault).then_some(*at_ms));
    faults.iter().any(is_commit).then(|| until_ms().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_that_touch_last_without_a_break() {
        let since = |at_ms| lasting_since_ms([(50, 60), (10, 20), (20, 30), (12, 15)], at_ms);
        assert_eq!(
            [9, 10, 30, 31, 49, 55, 61].map(since),
            [None, Some(10), Some(10), None, None, Some(50), None]
        );
    }

    #[test]
    fn a_pause_keeps_the_lock_if_it_falls_into_a_commit() {
        let host = || "idp-a".to_owned();
        let slow = Fault::DiskSlow {
            host: host(),
            by_ms: 100,
            lasts_ms: 1_000,
        };
        let (pause, resume) = (Fault::Pause { host: host() }, Fault::Resume { host: host() });
        let other = Fault::Resume { host: "idp-b".into() };
        let kept = |at_ms, ends: &Fault| {
            let faults = [(4_000, &slow), (at_ms, &pause), (8_000, &other), (9_000, ends)];
            keeps_lock_until_ms(&faults, 1)
        };
        assert_eq!(kept(5_100, &resume), Some(9_000));
        assert_eq!(kept(5_100, &Fault::Heal), Some(9_000));
        assert_eq!(kept(5_100, &Fault::Kill { host: host() }), Some(9_000));
        assert_eq!(kept(5_100, &other), Some(u64::MAX));
        assert_eq!((kept(5_101, &resume), kept(3_999, &resume)), (None, None));
        let elsewhere = Fault::Pause { host: "idp-b".into() };
        assert_eq!(keeps_lock_until_ms(&[(4_000, &slow), (4_500, &elsewhere)], 1), None);
    }
}
