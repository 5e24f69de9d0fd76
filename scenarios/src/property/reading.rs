//! Functions with which properties read a history.

use crate::{
    exchange, mailed_code,
    property::stops::unnoticed,
    vocabulary::{Event, Fault, History, Observation, Op, OpId, OwnFault, Seen, Violation},
    world::calls::{Purpose, purpose},
};
use spec::{
    Times,
    exchange::{Answered, Request},
};
use std::collections::BTreeMap;

/// An operation: its beginning and, if it ended, its end.
pub(crate) struct Invocation<'a> {
    /// The person or attacker who performed it.
    pub(crate) who: &'a str,
    /// The operation; as known at the end, if it ended.
    pub(crate) op: &'a Op,
    /// When it began, milliseconds.
    pub(crate) began_ms: u64,
    /// Index of the record of its beginning.
    pub(crate) began_at: usize,
    /// Its end, if it ended.
    pub(crate) end: Option<End<'a>>,
}

/// A request that got an answer, or of which somebody knows what became.
pub(crate) struct Exchanged<'a> {
    /// When it was sent, milliseconds, and the record of that.
    pub(crate) sent_ms: u64,
    pub(crate) sent_at: usize,
    /// Who sent it, and whom they asked.
    pub(crate) who: &'a str,
    pub(crate) door: &'a str,
    pub(crate) request: &'a Request,
    /// When its end was known, milliseconds, and the record of that.
    pub(crate) ended_ms: u64,
    pub(crate) ended_at: usize,
    pub(crate) answer: &'a Answered,
}

/// All of them, in the order of their ends.
pub(crate) fn exchanged(history: &History) -> impl Iterator<Item = Exchanged<'_>> {
    let mut asked = BTreeMap::new();
    history.records.iter().enumerate().filter_map(move |(place, record)| {
        let Event::Own(Observation::Exchange(seen)) = &record.event else {
            return None;
        };
        match seen {
            exchange::Observation::Asked { number, door, request } => {
                asked.insert(*number, (record.at_ms, place, door, request));
                None
            }
            exchange::Observation::Answered { number, answer } => {
                let (sent_ms, sent_at, door, request) = asked.remove(number)?;
                Some(Exchanged {
                    sent_ms,
                    sent_at,
                    who: &record.who,
                    door,
                    request,
                    ended_ms: record.at_ms,
                    ended_at: place,
                    answer,
                })
            }
            _ => None,
        }
    })
}

/// The end of an operation.
#[derive(Clone, Copy)]
pub(crate) struct End<'a> {
    /// Its time, milliseconds.
    pub(crate) at_ms: u64,
    /// Index of its record.
    pub(crate) at: usize,
    /// The outcome.
    pub(crate) seen: &'a Seen,
    /// How long the operation took, milliseconds.
    pub(crate) took_ms: u64,
}

impl<'a> Invocation<'a> {
    /// Whether it certainly succeeded.
    pub(crate) fn ok(&self) -> bool {
        self.end.is_some_and(|end| *end.seen == Seen::Ok)
    }

    /// The reason that the person was given, if it certainly did not happen.
    pub(crate) fn failure(&self) -> Option<&'a str> {
        match self.end?.seen {
            Seen::Fail(why) => Some(why),
            _ => None,
        }
    }

    /// When it ended, milliseconds; `u64::MAX` if it did not end.
    pub(crate) fn ended_ms(&self) -> u64 {
        self.end.map_or(u64::MAX, |end| end.at_ms)
    }

    /// From its beginning to its end.
    pub(crate) fn times(&self) -> Times {
        Times::new(self.began_ms, self.ended_ms())
    }

    /// Indices of its records.
    pub(crate) fn records(&self) -> Vec<usize> {
        std::iter::once(self.began_at)
            .chain(self.end.map(|end| end.at))
            .collect()
    }

    /// The kind of operation, as a slug: `send-code`.
    pub(crate) fn kind(&self) -> String {
        sim::service::Op::kind(self.op)
    }

    /// Its outcome, as a slug for the reason of a violation. The slug of a refusal includes its text. That of an
    /// unknown outcome does not, because one cause can lead to many texts.
    pub(crate) fn ending(&self) -> String {
        match self.end.map(|end| end.seen) {
            Some(Seen::Ok) => "late".into(),
            Some(Seen::Fail(why)) => sim::shrink::slug(&format!("failed-{why}")),
            Some(Seen::Unknown(_)) => "in-doubt".into(),
            None => "never-ended".into(),
        }
    }

    /// Whether it succeeded by the deadline.
    pub(crate) fn in_time(&self, deadline_ms: u64) -> bool {
        self.ok() && self.ended_ms() <= deadline_ms
    }

    /// The violation if it did not succeed by the deadline: `what` begins a sentence, which ends with the actual
    /// outcome.
    pub(crate) fn missed(&self, property: &str, deadline_ms: u64, what: &str) -> Violation {
        let instead = match self.ok() {
            true => format!("took until {}", human(self.ended_ms())),
            false => self.outcome(),
        };
        let at_ms = self.ended_ms().min(deadline_ms);
        violation(property, at_ms, self.records(), format!("{what} {instead}")).because(self.ending())
    }

    /// Its outcome, as the end of a sentence.
    pub(crate) fn outcome(&self) -> String {
        match self.end.map(|end| end.seen) {
            Some(Seen::Ok) => "ended well".into(),
            Some(Seen::Fail(why)) => format!("failed: {why}"),
            Some(Seen::Unknown(why)) => format!("ended in doubt: {why}"),
            None => "never ended".into(),
        }
    }
}

/// All operations, in the order in which they began.
pub(crate) fn invocations(history: &History) -> Vec<Invocation<'_>> {
    let mut invocations: Vec<Invocation<'_>> = vec![];
    let mut by_id: BTreeMap<OpId, usize> = BTreeMap::new();
    for (index, record) in history.records.iter().enumerate() {
        match &record.event {
            Event::Began { id, op } => {
                by_id.insert(*id, invocations.len());
                invocations.push(Invocation {
                    who: &record.who,
                    op,
                    began_ms: record.at_ms,
                    began_at: index,
                    end: None,
                });
            }
            Event::Ended { id, op, seen, took_ms } => {
                let invocation = &mut invocations[by_id[id]];
                invocation.op = op;
                invocation.end = Some(End {
                    at_ms: record.at_ms,
                    at: index,
                    seen,
                    took_ms: *took_ms,
                });
            }
            _ => {}
        }
    }
    invocations
}

/// The faults that were injected, with their times and the indices of their records.
pub(crate) fn faults(history: &History) -> impl Iterator<Item = (u64, usize, &Fault)> {
    let numbered = history.records.iter().enumerate();
    numbered.filter_map(|(index, record)| match &record.event {
        Event::Fault { fault, .. } => Some((record.at_ms, index, fault)),
        _ => None,
    })
}

/// Mails with one-time codes: (time in milliseconds, index, address, code). A mail that the relay accepted twice,
/// because its first reply was lost on the way back, is listed twice.
pub(crate) fn mails(history: &History) -> impl Iterator<Item = (u64, usize, &str, &crate::vocabulary::Tag)> {
    let numbered = history.records.iter().enumerate();
    numbered.filter_map(|(index, record)| match &record.event {
        Event::Own(Observation::MailedCode(mailed_code::Observation::CodeMailed { address, code })) => {
            Some((record.at_ms, index, address.as_str(), code))
        }
        _ => None,
    })
}

/// Spans of time in which the service may fail however well it is built.
pub(crate) struct TroubledTimes {
    spans: Vec<(u64, u64)>,
}

impl TroubledTimes {
    /// Spans that begin with a fault for which `counts` holds, and end `settle_ms` after everything has healed. A
    /// single repair ends no span, because other things may still be broken. A fault of one call lasts as long as that
    /// call: it excuses operations that wait for the call, and no later ones. A stop that nobody notices is no trouble.
    pub(crate) fn of(history: &History, settle_ms: u64, counts: impl Fn(&Fault) -> bool) -> TroubledTimes {
        let mut spans: Vec<(u64, u64)> = vec![];
        let mut since = None;
        let unnoticed = unnoticed(history);
        for (at_ms, _, fault) in faults(history).filter(|(_, place, _)| !unnoticed.contains(place)) {
            if let Fault::Call(call) = fault {
                // The fault ends with its call: nothing has to heal.
                let lasts_ms = match purpose(&call.call) {
                    Purpose::Leader => call.by_ms + settle_ms, // there may be no leader until the lease expires
                    Purpose::Store => call.by_ms.min(STORE_CALL_MS_MAX),
                    _ => call.by_ms,
                };
                if counts(fault) {
                    spans.push((at_ms, at_ms.saturating_add(lasts_ms)));
                }
            } else if *fault == Fault::Heal {
                spans.extend(since.take().map(|since| (since, at_ms.saturating_add(settle_ms))));
            } else if !fault.repairs() && counts(fault) {
                since = since.or(Some(at_ms));
            }
        }
        spans.extend(since.map(|since| (since, u64::MAX)));
        TroubledTimes { spans }
    }

    /// The latest end of a span that overlaps the time from `from_ms` to `to_ms`, both included.
    pub(crate) fn ends_ms(&self, from_ms: u64, to_ms: u64) -> Option<u64> {
        let touch = self
            .spans
            .iter()
            .filter(|(since, until)| from_ms <= *until && *since <= to_ms);
        touch.map(|(_, until)| *until).max()
    }

    /// Whether no span overlaps the time from `from_ms` to `to_ms`, both included.
    pub(crate) fn spares(&self, from_ms: u64, to_ms: u64) -> bool {
        self.spans
            .iter()
            .all(|(since, until)| *until < from_ms || to_ms < *since)
    }
}

/// The time after which callers give up a call to the store, milliseconds, even if connecting takes longer.
const STORE_CALL_MS_MAX: u64 = 1000;

/// Whether a fault affects the path of a login. All do, except those of the mail relay, the analytics hook and the
/// links to them, which the service promises to hide. A fault of one call does only if the call is made for a login:
/// one failed health check, or one failed renewal, harms nobody.
pub(crate) fn touches_logins(fault: &Fault) -> bool {
    if let Fault::Call(call) = fault {
        return matches!(purpose(&call.call), Purpose::Login | Purpose::Store);
    }
    !fault.hosts().iter().any(|host| matches!(*host, "mail" | "analytics"))
}

/// Whether a fault is the failure of a single call by which a mail with a code may be lost or late.
pub(crate) fn touches_mail(fault: &Fault) -> bool {
    matches!(fault, Fault::Call(call) if purpose(&call.call) == Purpose::Mail)
}

/// Whether a fault may keep the leader from its jobs: all may, except those of the analytics hook and the links to it,
/// and the failure of a call for a login or for analytics.
pub(crate) fn touches_the_leader(fault: &Fault) -> bool {
    match fault {
        Fault::Call(call) => matches!(purpose(&call.call), Purpose::Leader | Purpose::Store | Purpose::Mail),
        _ => !fault.hosts().contains(&"analytics") && !matches!(fault, Fault::Own(OwnFault::Analytics(_))),
    }
}

/// Whether a fault only makes links slower, and by so little that no deadline passes because of it: a call to the store waits
/// for two ways, and connecting may take 300 ms. A spike counts as trouble: it adds to what there is.
pub(crate) fn only_slows(fault: &Fault) -> bool {
    matches!(fault, Fault::Latency { added_ms, .. } if *added_ms <= SLOWER_MS_MAX)
}

/// By how much a link may be slower without anything being broken, milliseconds.
const SLOWER_MS_MAX: u64 = 60;

/// The moment from which everything works: 0 if there was no fault, otherwise `settle_ms` after the nemesis healed
/// everything. `None` if the last fault has not healed.
pub(crate) fn calm_from_ms(history: &History, settle_ms: u64) -> Option<u64> {
    match faults(history).last() {
        None => Some(0),
        Some((at_ms, _, Fault::Heal)) => Some(at_ms + settle_ms),
        Some(_) => None,
    }
}

/// A violation without a reason. A property that can be violated in several ways adds the reason with
/// [`Violation::because`].
pub(crate) fn violation(property: &str, at_ms: u64, evidence: Vec<usize>, what: String) -> Violation {
    Violation {
        property: property.to_owned(),
        reason: String::new(),
        what,
        at_ms,
        evidence,
    }
}

/// Milliseconds as seconds, for texts.
pub(crate) fn human(ms: u64) -> String {
    format!("{:.3} s", ms as f64 / 1000.0)
}
