//! The content of lanes: bars for operations, ticks for other events.

use super::super::{
    row::{self, ended},
    sentinel::{self, Hosts},
    words,
};
use crate::{
    history::{Event, OpId, Seen},
    run::Run,
    service::{Observation, Op, Service, Tone},
};
use std::collections::BTreeMap;

/// The outcome of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Done,
    NotDone,
    Unknown,
}

impl Status {
    /// The CSS class of its shape.
    pub(super) fn class(self) -> &'static str {
        match self {
            Status::Done => "done",
            Status::NotDone => "notdone",
            Status::Unknown => "unknown",
        }
    }
}

impl From<&Seen> for Status {
    fn from(seen: &Seen) -> Status {
        match seen {
            Seen::Ok => Status::Done,
            Seen::Fail(_) => Status::NotDone,
            Seen::Unknown(_) => Status::Unknown,
        }
    }
}

/// An operation.
#[derive(Debug, Clone)]
pub(super) struct Bar {
    pub(super) who: String,
    pub(super) from_ms: u64,
    pub(super) to_ms: u64,
    pub(super) status: Status,
    /// The kind of operation, for the filter.
    pub(super) kind: String,
    /// The operation as a clause without its subject.
    pub(super) what: String,
    /// Its outcome, in words.
    pub(super) outcome: String,
    /// Whether its steps have bars of their own.
    pub(super) is_compound: bool,
    /// Whether its duration counts as the service's latency.
    pub(super) is_timed: bool,
    /// Its row within its lane.
    pub(super) row: usize,
    /// Its number among the evidence, if it is evidence.
    pub(super) evidence: Option<usize>,
    /// The records of its beginning and its end.
    pub(super) records: Vec<usize>,
}

/// An event that is drawn as a tick.
#[derive(Debug, Clone)]
pub(super) struct Tick {
    pub(super) at_ms: u64,
    /// The kind of event, for the filter.
    pub(super) kind: Option<String>,
    /// The CSS class of its shape.
    pub(super) class: &'static str,
    pub(super) what: String,
    pub(super) evidence: Option<usize>,
}

/// All operations of a run, in the order in which they began; `numbers` are the numbers of the evidence.
pub(super) fn bars<S: Service>(run: &Run<S>, numbers: &BTreeMap<usize, usize>) -> Vec<Bar> {
    let mut bars: Vec<Bar> = vec![];
    let mut by_id: BTreeMap<OpId, usize> = BTreeMap::new();
    for (index, record) in run.history.records.iter().enumerate() {
        let number = numbers.get(&index).copied();
        match &record.event {
            Event::Began { id, op } => {
                by_id.insert(*id, bars.len());
                bars.push(Bar {
                    who: record.who.clone(),
                    from_ms: record.at_ms,
                    to_ms: run.plan.lasts_ms,
                    status: Status::Unknown,
                    kind: op.kind(),
                    what: op.describe(),
                    outcome: "no answer until the end".into(),
                    is_compound: op.is_compound(),
                    is_timed: op.is_timed(),
                    row: 0,
                    evidence: number,
                    records: vec![index],
                });
            }
            Event::Ended { id, op, seen, took_ms } => {
                let Some(bar) = by_id.get(id).and_then(|place| bars.get_mut(*place)) else {
                    continue;
                };
                bar.to_ms = record.at_ms;
                bar.status = seen.into();
                bar.what = ended(op, seen);
                bar.outcome = format!("{}, {}", words::seen(seen), words::duration(*took_ms));
                bar.evidence = bar.evidence.or(number);
                bar.records.push(index);
            }
            _ => {}
        }
    }
    bars
}

impl Tick {
    /// The tick of an event. Operations, faults, roles and routine events have none.
    pub(super) fn of<S: Service>(at_ms: u64, event: &Event<S>, hosts: &Hosts, evidence: Option<usize>) -> Option<Tick> {
        let (class, what) = match event {
            Event::Own(own) if own.routine().is_some() && evidence.is_none() => return None,
            Event::Own(own) => match own.outcome() {
                (tone, "") => (class(tone), own.describe()),
                (tone, outcome) => (class(tone), format!("{} ({outcome})", own.describe())),
            },
            Event::Sentinel { says, .. } => (
                "",
                sentinel::meaning(says, hosts).or_else(|| {
                    let new = sentinel::new_master(says, hosts)?;
                    Some(format!(
                        "tells clients that the Redis master is now {new} (+switch-master)"
                    ))
                })?,
            ),
            Event::Balancer { says } => ("bad", row::by_itself(says)),
            _ => return None,
        };
        Some(Tick {
            at_ms,
            kind: row::filter(event),
            class,
            what,
            evidence,
        })
    }
}

fn class(tone: Tone) -> &'static str {
    match tone {
        Tone::Bad => "bad",
        Tone::Unsure => "",
        Tone::Good | Tone::Plain => "seen",
    }
}
