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
