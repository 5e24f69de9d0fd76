//! Spans of time: how long each fault lasted, who was master, who was ready, who led.

use crate::{
    aim::Aim,
    fault::Fault,
    history::{Event, History},
    run::Run,
};
use std::collections::BTreeMap;

/// A fault and how long it was in force.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Trouble {
    pub(super) from_ms: u64,
    pub(super) to_ms: u64,
    pub(super) fault: Fault,
    /// Operations in flight when it struck.
    pub(super) in_flight: usize,
    /// What it was aimed at.
    pub(super) after: Option<Aim>,
    /// Index of its record.
    pub(super) record: usize,
}

/// What a host was during a span of time.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct State {
    pub(super) from_ms: u64,
    pub(super) to_ms: u64,
    pub(super) kind: StateKind,
    /// Why, if there is anything to say.
    pub(super) why: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StateKind {
    /// Redis: it takes writes.
    Master,
    /// Redis: it copies a master.
    Replica,
    /// Login service: its port is open to the balancer.
    Ready,
    /// Login service: its port is closed.
    NotReady,
    /// Login service: it believes that it runs the background jobs.
    Leads,
}

/// The faults that struck, each with its end.
pub(super) fn troubles(history: &History, lasts_ms: u64) -> Vec<Trouble> {
    let faults: Vec<_> = (history.records.iter().enumerate())
        .filter_map(|(index, record)| match &record.event {
            Event::Fault {
                fault,
                in_flight,
                after,
            } => Some((index, record.at_ms, fault, (*in_flight, after))),
            _ => None,
        })
        .collect();
    let mut troubles = vec![];
    for (place, (record, from_ms, fault, (in_flight, after))) in faults.iter().enumerate() {
        if fault.repairs() {
            continue;
        }
        let ended = faults[place + 1..].iter().find(|(_, _, later, _)| ends(fault, later));
        let ended = ended.map_or(lasts_ms, |(_, at_ms, ..)| *at_ms);
        let to_ms = by_itself_after(fault).map_or(ended, |lasts| ended.min(from_ms + lasts));
        troubles.push(Trouble {
            from_ms: *from_ms,
            to_ms: to_ms.min(lasts_ms),
            fault: (*fault).clone(),
            in_flight: *in_flight,
            after: (*after).clone(),
            record: *record,
        });
    }
    troubles
}

/// How long a fault lasts that ends by itself, milliseconds.
fn by_itself_after(fault: &Fault) -> Option<u64> {
    match fault {
        Fault::LatencySpike { lasts_ms, .. }
        | Fault::DirectoryBusy { lasts_ms }
        | Fault::DirectoryIoError { lasts_ms, .. }
        | Fault::DirectorySlow { lasts_ms, .. } => Some(*lasts_ms),
        _ => None,
    }
}

/// Whether a later fault, or repair, ends an earlier one.
pub(super) fn ends(fault: &Fault, later: &Fault) -> bool {
    let pair = |fault: &Fault| {
        let mut ends: Vec<String> = fault.hosts().into_iter().map(str::to_owned).collect();
        ends.sort();
        ends
    };
    let same = pair(fault) == pair(later);
    match (fault, later) {
        (_, Fault::Heal) => true,
        (Fault::Kill { .. } | Fault::PowerLoss { .. }, Fault::Start { .. }) => same,
        (Fault::Pause { .. }, Fault::Resume { .. } | Fault::Kill { .. } | Fault::PowerLoss { .. }) => same,
        (Fault::Cut { .. } | Fault::CutOneWay { .. }, Fault::Mend { .. }) => same,
        (Fault::Loss { .. }, Fault::Loss { .. })
        | (Fault::Latency { .. }, Fault::Latency { .. })
        | (Fault::ClockOffset { .. }, Fault::ClockOffset { .. })
        | (Fault::Mail { .. }, Fault::Mail { .. })
        | (Fault::Analytics { .. }, Fault::Analytics { .. }) => same,
        _ => false,
    }
}

/// What each host was, and when. A process that is killed, or a host without power, is nothing.
pub(super) fn states(run: &Run) -> BTreeMap<String, Vec<State>> {
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
            Event::Fault {
                fault: Fault::Kill { host } | Fault::PowerLoss { host },
                ..
            } => {
                let ending = [StateKind::Master, StateKind::Replica, StateKind::Ready];
                states.end(host, at_ms, &ending);
            }
            _ => {}
        }
    }
    for (host, from_ms, to_ms) in leads(run) {
        states.begin(&host, from_ms, StateKind::Leads, "");
        states.end(&host, to_ms, &[StateKind::Leads]);
    }
    states.finish(run.plan.lasts_ms)
}

/// Who led, by its own word: a picture of what replicas believed, and no verdict.
fn leads(run: &Run) -> Vec<(String, u64, u64)> {
    let mut since: BTreeMap<&str, u64> = BTreeMap::new();
    let mut spans = vec![];
    let ended = run.history.records.iter().filter_map(|record| match &record.event {
        Event::Fault {
            fault: Fault::Kill { host } | Fault::PowerLoss { host },
            ..
        } => Some((record.at_ms, host.as_str(), "lease lost")),
        _ => None,
    });
    let marks = run
        .moments
        .iter()
        .map(|moment| (moment.at_ms, moment.host.as_str(), moment.mark));
    let mut turns: Vec<_> = marks.chain(ended).collect();
    turns.sort_by_key(|(at_ms, ..)| *at_ms);
    for (at_ms, host, mark) in turns {
        match mark {
            "leader elected" => drop(since.insert(host, at_ms)),
            "lease lost" => spans.extend(since.remove(host).map(|from_ms| (host.to_owned(), from_ms, at_ms))),
            _ => {}
        }
    }
    spans.extend(
        since
            .into_iter()
            .map(|(host, from_ms)| (host.to_owned(), from_ms, run.plan.lasts_ms)),
    );
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
