//! Replicas that were asked to end, and whether anybody but their operators can notice it.
//!
//! While one replica stops and starts again, another one serves: then nothing fails, and nothing is excused. A stop is as
//! bad as a kill for people, if nobody else serves, or the balancer has not found out yet that somebody does.

use crate::{
    property::{faults, reading::only_slows},
    vocabulary::{Event, Fault, History, Plan},
};
use sim::history::INTERRUPTED;
use spec::Settings;
use std::collections::BTreeSet;

/// For how long a balancer may take a replica for one that does not serve although it does again, milliseconds: the longest
/// `fail_timeout` of the worlds, and some ways.
const NOTICED_MS: u64 = 11_000;

/// A replica that was asked to end.
pub(crate) struct Stopped<'a> {
    pub(crate) host: &'a str,
    /// When it was asked, milliseconds.
    pub(crate) from_ms: u64,
    /// The record of that.
    pub(crate) place: usize,
    /// When and how it ended, if it did so by itself.
    pub(crate) ended: Option<(u64, &'a str)>,
    /// When it was started again, milliseconds; `u64::MAX` if it was not.
    pub(crate) started_ms: u64,
    /// The record of what started it again.
    started_at: Option<usize>,
    /// Whether its own port was open.
    pub(crate) served: bool,
    /// Whether another replica served all the while.
    pub(crate) another_serves: bool,
}

/// How many ways through the network there are between a person who sends a request and the replica, if the balancer has to
/// connect first: to the balancer, and there, back and there again.
const WAYS_THERE: u64 = 4;
/// By how much a moment may be missed, milliseconds: tasks and packets of one moment come in any order.
pub(crate) const MISSED_BY_MS: u64 = 5;

impl Stopped<'_> {
    /// When its end was interrupted, for it was asked once more, milliseconds: from then on this is a kill.
    pub(crate) fn interrupted_ms(&self) -> Option<u64> {
        self.ended
            .filter(|(_, how)| *how == INTERRUPTED)
            .map(|(at_ms, _)| at_ms)
    }

    /// Whether nobody can notice it: another replica serves, and this one could finish.
    pub(crate) fn is_unnoticed(&self) -> bool {
        self.another_serves && self.interrupted_ms().is_none()
    }

    /// The moments in which the replica closes connections on which it has no request: when its port is closed, those that
    /// are being made; later, those that were idle, of whose end the balancer learns one way later. A request that is sent in
    /// such a moment may arrive too late; if it was a POST, a balancer must not try it again, for it cannot know (RFC 9110
    /// section 9.2.2).
    pub(crate) fn closings(&self, plan: &Plan) -> [(u64, u64); 2] {
        let way_ms = plan.world.latency_ms_max;
        let kept_ms = Settings::default().get("kept connections at a stop");
        [0, kept_ms].map(|later_ms| {
            let at_ms = self.from_ms + later_ms;
            let from_ms = at_ms.saturating_sub(WAYS_THERE * way_ms + MISSED_BY_MS);
            (from_ms, at_ms + way_ms + MISSED_BY_MS)
        })
    }
}

/// All replicas that were asked to end, in the order in which they were.
pub(crate) fn stops(history: &History) -> Vec<Stopped<'_>> {
    let all: Vec<(u64, usize, &Fault)> = faults(history).collect();
    let asked = all.iter().filter_map(|(at_ms, place, fault)| match fault {
        Fault::Stop { host } => Some((*at_ms, *place, host.as_str())),
        _ => None,
    });
    asked
        .map(|(from_ms, place, host)| {
            let starts =
                |fault: &Fault| *fault == Fault::Heal || matches!(fault, Fault::Start { host: of } if of == host);
            let started = all.iter().find(|(_, later, fault)| *later > place && starts(fault));
            let ended = ended(history, host, place);
            // What is to start a process that is still ending starts it when it has ended.
            let started_ms = started.map_or(u64::MAX, |(at_ms, ..)| {
                ended.map_or(*at_ms, |(ended_ms, _)| ended_ms.max(*at_ms))
            });
            Stopped {
                host,
                from_ms,
                place,
                ended,
                started_ms,
                started_at: started.map(|(_, place, _)| *place),
                served: was_open(history, host, place),
                another_serves: another_serves(history, host, from_ms, started_ms),
            }
        })
        .collect()
}

/// The records of stops that nobody notices, and of what started those replicas again.
pub(crate) fn unnoticed(history: &History) -> BTreeSet<usize> {
    let stops = stops(history).into_iter().filter(Stopped::is_unnoticed);
    let of_one = |stop: Stopped<'_>| {
        let started = stop.started_at.filter(|place| !is_heal(history, *place));
        std::iter::once(stop.place).chain(started)
    };
    stops.flat_map(of_one).collect()
}

fn is_heal(history: &History, place: usize) -> bool {
    matches!(&history.records[place].event, Event::Fault { fault: Fault::Heal, .. })
}

/// When a process ended by itself after it was asked to, before anything else ended or started it.
fn ended<'a>(history: &'a History, host: &str, asked: usize) -> Option<(u64, &'a str)> {
    let later = history.records.iter().skip(asked + 1);
    let first = later.filter_map(|record| match &record.event {
        Event::Exit { host: of, how } if of == host => Some(Some((record.at_ms, how.as_str()))),
        Event::Fault {
            fault: Fault::Kill { host: of } | Fault::PowerLoss { host: of },
            ..
        } if of == host => Some(None),
        _ => None,
    });
    first.into_iter().next().flatten()
}

/// Whether some other replica's port was open from long enough before the stop, so that the balancer knew it, to the end.
fn another_serves(history: &History, host: &str, from_ms: u64, to_ms: u64) -> bool {
    let known_ms = from_ms.saturating_sub(NOTICED_MS);
    let opened = history.records.iter().filter_map(|record| match &record.event {
        Event::Ready {
            host: of, ready: true, ..
        } if of != host && record.at_ms <= from_ms => Some(of),
        _ => None,
    });
    let others: BTreeSet<&String> = opened.collect();
    (others.into_iter()).any(|other| is_open(history, other, known_ms, to_ms) && is_up(history, other, known_ms, to_ms))
}

/// Whether a replica's port was open before a record.
fn was_open(history: &History, host: &str, place: usize) -> bool {
    let before = history.records[..place].iter().rev();
    let mut said = before.filter_map(|record| match &record.event {
        Event::Ready { host: of, ready, .. } if of == host => Some(*ready),
        _ => None,
    });
    said.next() == Some(true)
}

/// Whether a replica's port is open from one time to another, but for a beginning in which it had not been opened yet.
fn is_open(history: &History, host: &str, from_ms: u64, to_ms: u64) -> bool {
    let mut open = None;
    for record in history.records.iter().take_while(|record| record.at_ms <= to_ms) {
        let Event::Ready { host: of, ready, .. } = &record.event else {
            continue;
        };
        if of == host {
            if open == Some(false) && record.at_ms > from_ms {
                return false; // it was closed for a while
            }
            open = Some(*ready);
        }
    }
    open == Some(true)
}

/// Whether nothing was done to a replica.
fn is_up(history: &History, host: &str, from_ms: u64, to_ms: u64) -> bool {
    let mut during = faults(history).filter(|(at_ms, ..)| (from_ms..=to_ms).contains(at_ms));
    !during.any(|(_, _, fault)| !fault.repairs() && !only_slows(fault) && fault.hosts().contains(&host))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{kill, start, stop};
    use sim::history::RETURNED;

    fn ready(at_ms: u64, host: &str, ready: bool) -> (u64, Event) {
        let (host, why) = (host.to_owned(), String::new());
        (at_ms, Event::Ready { host, ready, why })
    }

    fn exit(at_ms: u64) -> (u64, Event) {
        let (host, how) = ("idp-a".to_owned(), RETURNED.to_owned());
        (at_ms, Event::Exit { host, how })
    }

    /// `idp-a` is asked to end at 20 s, and is started again at 26 s.
    fn history(more: &[(u64, Event)], others: &[(u64, Fault)]) -> History {
        let mut builder = sim::history::HistoryBuilder::default();
        let mut events = vec![
            ready(300, "idp-a", true),
            ready(310, "idp-b", true),
            ready(20_000, "idp-a", false),
            exit(23_000),
        ];
        events.extend_from_slice(more);
        for (at_ms, event) in events {
            builder = builder.event(at_ms, "host", event);
        }
        let faults = [(20_000, stop("idp-a")), (26_000, start("idp-a"))];
        for (at_ms, fault) in faults.into_iter().chain(others.iter().cloned()) {
            builder = builder.fault(at_ms, fault, 1);
        }
        builder.history()
    }

    fn is_unnoticed(more: &[(u64, Event)], others: &[(u64, Fault)]) -> bool {
        let history = history(more, others);
        let stops = stops(&history);
        assert_eq!(
            (stops[0].ended, stops[0].started_ms),
            (Some((23_000, RETURNED)), 26_000)
        );
        assert_eq!(unnoticed(&history).len(), if stops[0].is_unnoticed() { 2 } else { 0 });
        stops[0].is_unnoticed()
    }

    #[test]
    fn a_stop_is_unnoticed_while_another_serves() {
        assert!(is_unnoticed(&[], &[]));
        assert!(is_unnoticed(&[ready(28_000, "idp-b", false)], &[]), "later");
        let back = [ready(5_000, "idp-b", false), ready(8_000, "idp-b", true)];
        assert!(is_unnoticed(&back, &[]), "long before");
    }

    #[test]
    fn it_is_noticed_if_nobody_else_serves_or_is_known_to() {
        assert!(!is_unnoticed(&[ready(25_000, "idp-b", false)], &[]));
        let just_back = [ready(5_000, "idp-b", false), ready(15_000, "idp-b", true)];
        assert!(!is_unnoticed(&just_back, &[]));
        assert!(!is_unnoticed(&[], &[(22_000, kill("idp-b"))]));
    }
}
