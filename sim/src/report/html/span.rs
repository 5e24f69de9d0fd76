//! Spans of time: the duration of each fault, and the states of each host.

use crate::{
    fault::Fault,
    history::{Event, History},
    run::Run,
    service::{MarkSpan, Service, ServiceFault},
    trigger::Trigger,
};
use std::collections::BTreeMap;

/// A fault, with the time during which it was in force.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct FaultSpan<S: Service> {
    pub(super) from_ms: u64,
    pub(super) to_ms: u64,
    pub(super) fault: Fault<S>,
    /// Operations in flight when it was injected.
    pub(super) in_flight: usize,
    /// Its trigger.
    pub(super) after: Option<Trigger>,
    /// Index of its record.
    pub(super) record: usize,
}

/// The state of a host during a span of time.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct State {
    pub(super) from_ms: u64,
    pub(super) to_ms: u64,
    pub(super) kind: StateKind,
    /// The reason, if there is one.
    pub(super) why: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StateKind {
    /// Redis: the node accepts writes.
    Master,
    /// Redis: the node copies a master.
    Replica,
    /// The service: its port is open to the balancer.
    Ready,
    /// The service: its port is closed.
    NotReady,
    /// The state that the process claims: see [`MarkSpan`].
    Claimed(&'static str),
}

/// The injected faults, each with its end.
pub(super) fn faults<S: Service>(history: &History<S>, lasts_ms: u64) -> Vec<FaultSpan<S>> {
    let events = history.records.iter().enumerate();
    let injected: Vec<FaultSpan<S>> = events
        .filter_map(|(index, record)| match &record.event {
            Event::Fault {
                fault,
                in_flight,
                after,
            } => Some(FaultSpan {
                from_ms: record.at_ms,
                to_ms: lasts_ms,
                fault: fault.clone(),
                in_flight: *in_flight,
                after: after.clone(),
                record: index,
            }),
            _ => None,
        })
        .collect();
    let end = |place: usize, span: &FaultSpan<S>| {
        let ended = injected[place + 1..]
            .iter()
            .find(|later| ends(&span.fault, &later.fault));
        let ended = ended.map_or(lasts_ms, |later| later.from_ms);
        let by_itself = span.fault.lasts_ms().map(|lasts| span.from_ms + lasts);
        by_itself.map_or(ended, |by_itself| ended.min(by_itself)).min(lasts_ms)
    };
    let spans = injected.iter().enumerate().filter(|(_, span)| !span.fault.repairs());
    spans
        .map(|(place, span)| FaultSpan {
            to_ms: end(place, span),
            ..span.clone()
        })
        .collect()
}

/// Whether a later fault or repair ends an earlier fault, by repairing or replacing it.
pub(super) fn ends<S: Service>(fault: &Fault<S>, later: &Fault<S>) -> bool {
    let hosts = |fault: &Fault<S>| {
        let mut hosts: Vec<String> = fault.hosts().into_iter().map(str::to_owned).collect();
        hosts.sort();
        hosts
    };
    let takes_its_place = || match (fault, later) {
        (Fault::Pause { .. }, Fault::Kill { .. } | Fault::PowerLoss { .. })
        | (Fault::Loss { .. }, Fault::Loss { .. })
        | (Fault::Latency { .. }, Fault::Latency { .. })
        | (Fault::ClockOffset { .. }, Fault::ClockOffset { .. }) => true,
        (Fault::Own(_), Fault::Own(_)) => fault.kind() == later.kind(),
        _ => false,
    };
    let is_ended_by_own = match (fault, later) {
        (Fault::Own(own), Fault::Own(later)) => own.is_ended_by(later),
        _ => true,
    };
    *later == Fault::Heal
        || fault.is_ended_by(later)
        || (is_ended_by_own && takes_its_place() && hosts(fault) == hosts(later))
}

/// The states of each host. A process that was killed and a host without power have no state.
pub(super) fn states<S: Service>(run: &Run<S>) -> BTreeMap<String, Vec<State>> {
    let mut states = States::default();
    for record in &run.history.records {
        let at_ms = record.at_ms;
        match &record.event {
            Event::Role { host, role } => {
                let kind = match role.as_str() {
                    "master" => StateKind::Master,
                    _ => StateKind::Replica,
                };
                states.end(host, at_ms, &[StateKind::Master, StateKind::Replica]);
                states.begin(host, at_ms, kind, "");
            }
            Event::Ready { host, ready, why } => {
                states.end(host, at_ms, &[StateKind::Ready, StateKind::NotReady]);
                let kind = if *ready { StateKind::Ready } else { StateKind::NotReady };
                states.begin(host, at_ms, kind, why);
            }
            event => {
                if let Some(host) = stopped(event) {
                    let ending = [StateKind::Master, StateKind::Replica, StateKind::Ready];
                    states.end(host, at_ms, &ending);
                }
            }
        }
    }
    for span in S::MARK_SPANS {
        for (host, from_ms, to_ms) in claimed(run, span) {
            let kind = StateKind::Claimed(span.label);
            states.begin(&host, from_ms, kind, "");
            states.end(&host, to_ms, &[kind]);
        }
    }
    states.finish(run.plan.lasts_ms)
}

/// The host whose process has ended with an event.
fn stopped<S: Service>(event: &Event<S>) -> Option<&str> {
    match event {
        Event::Fault {
            fault: Fault::Kill { host } | Fault::PowerLoss { host },
            ..
        }
        | Event::Exit { host, .. } => Some(host),
        _ => None,
    }
}

/// The states that hosts claim between two marks.
fn claimed<S: Service>(run: &Run<S>, span: &MarkSpan) -> Vec<(String, u64, u64)> {
    let stops = run.history.records.iter();
    let stops = stops.filter_map(|record| Some((record.at_ms, stopped(&record.event)?, span.ends)));
    let marks = run.mark_records.iter();
    let marks = marks.map(|record| (record.at_ms, record.host.as_str(), record.mark));
    let mut turns: Vec<_> = marks.chain(stops).collect();
    turns.sort_by_key(|(at_ms, ..)| *at_ms);
    let mut since: BTreeMap<&str, u64> = BTreeMap::new();
    let mut spans = vec![];
    for (at_ms, host, mark) in turns {
        if mark == span.begins {
            since.insert(host, at_ms);
        } else if mark == span.ends {
            spans.extend(since.remove(host).map(|from_ms| (host.to_owned(), from_ms, at_ms)));
        }
    }
    let open = since.into_iter();
    spans.extend(open.map(|(host, from_ms)| (host.to_owned(), from_ms, run.plan.lasts_ms)));
    spans
}

#[derive(Default)]
struct States {
    open: BTreeMap<String, Vec<State>>,
    done: BTreeMap<String, Vec<State>>,
}

impl States {
    fn begin(&mut self, host: &str, at_ms: u64, kind: StateKind, why: &str) {
        self.open.entry(host.to_owned()).or_default().push(State {
            from_ms: at_ms,
            to_ms: at_ms,
            kind,
            why: why.to_owned(),
        });
    }

    fn end(&mut self, host: &str, at_ms: u64, kinds: &[StateKind]) {
        let open = self.open.entry(host.to_owned()).or_default();
        let ended = open.extract_if(.., |state| kinds.contains(&state.kind));
        let ended = ended.map(|state| State { to_ms: at_ms, ..state });
        self.done.entry(host.to_owned()).or_default().extend(ended);
    }

    fn finish(mut self, lasts_ms: u64) -> BTreeMap<String, Vec<State>> {
        let hosts: Vec<String> = self.open.keys().cloned().collect();
        for host in hosts {
            let kinds: Vec<StateKind> = self.open[&host].iter().map(|state| state.kind).collect();
            self.end(&host, lasts_ms, &kinds);
        }
        self.done
    }
}
