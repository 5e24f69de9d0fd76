//! The data of the timeline: lanes and their content.

use super::{
    bar::{self, Bar, Tick},
    span::{self, FaultSpan, State},
};
use crate::{
    history::{Event, OpId},
    run::Run,
    service::{Op, Service},
    world::HostKind,
};
use std::collections::{BTreeMap, BTreeSet};

/// The largest number of rows in one lane; further bars that overlap are drawn over the last row.
const ROWS_MAX: usize = 3;

/// The lane of a host or a person.
#[derive(Debug, Default)]
pub(super) struct Lane {
    pub(super) name: String,
    pub(super) states: Vec<State>,
    pub(super) bars: Vec<Bar>,
    pub(super) ticks: Vec<Tick>,
    pub(super) rows: usize,
    /// Whether it is a host with no events other than messages.
    pub(super) is_quiet: bool,
    /// Whether it is an attacker, whose refused operations are as they should be.
    pub(super) attacks: bool,
}

/// All data of the timeline of a run.
#[derive(Debug)]
pub(super) struct Model<S: Service> {
    pub(super) lasts_ms: u64,
    pub(super) faults: Vec<FaultSpan<S>>,
    pub(super) hosts: Vec<Lane>,
    /// Lanes of people whose operations are evidence.
    pub(super) involved: Vec<Lane>,
    pub(super) others: Vec<Lane>,
    /// The number of each record of evidence.
    pub(super) numbers: BTreeMap<usize, usize>,
    /// The filters: kinds of operations, of observations, and `sentinel`.
    pub(super) kinds: Vec<String>,
}

impl<S: Service> Model<S> {
    pub(super) fn of(run: &Run<S>) -> Model<S> {
        let numbers = numbers(run);
        let attackers = run.plan.attackers();
        let mut states = span::states(run);
        let mut hosts: Vec<(HostKind, Lane)> = (run.hosts.iter())
            .map(|(name, kind)| {
                let states = states.remove(name).unwrap_or_default();
                let is_quiet = *kind == HostKind::People;
                let lane = Lane::named(name);
                (
                    *kind,
                    Lane {
                        states,
                        is_quiet,
                        ..lane
                    },
                )
            })
            .collect();
        let place = |name: &str| run.hosts.iter().position(|(host, _)| host == name);
        let mut people: Vec<Lane> = vec![];
        let mut by_name: BTreeMap<&str, usize> = BTreeMap::new();
        let mut lane_of = |who| -> usize {
            *by_name.entry(who).or_insert_with(|| {
                people.push(Lane::named(who));
                people.len() - 1
            })
        };
        let bars = bar::bars(run, &numbers);
        let places: Vec<usize> = bars
            .iter()
            .map(|bar| lane_of(&run.history.records[bar.records[0]].who))
            .collect();
        let mut ticks = vec![];
        for (index, record) in run.history.records.iter().enumerate() {
            let evidence = numbers.get(&index).copied();
            let Some(tick) = Tick::of(record.at_ms, &record.event, &run.hosts, evidence) else {
                continue;
            };
            match place(&record.who) {
                Some(host) => hosts[host].1.ticks.push(tick),
                None => ticks.push((lane_of(&record.who), tick)),
            }
        }
        for (place, bar) in places.into_iter().zip(bars) {
            people[place].bars.push(bar);
        }
        for (place, tick) in ticks {
            people[place].ticks.push(tick);
        }
        for lane in &mut people {
            lane.stack(run.plan.lasts_ms);
            lane.attacks = attackers.contains(lane.name.as_str());
        }
        hosts.sort_by_key(|(kind, _)| rank(*kind));
        let (involved, others) = people.into_iter().partition(Lane::is_evidence);
        let mut model = Model {
            lasts_ms: run.plan.lasts_ms,
            faults: span::faults(&run.history, run.plan.lasts_ms),
            hosts: hosts.into_iter().map(|(_, lane)| lane).collect(),
            involved,
            others,
            numbers,
            kinds: vec![],
        };
        model.kinds = model.find_kinds();
        model
    }

    /// The kinds of the content: of operations in the order of [`Op::KINDS`], then of ticks.
    fn find_kinds(&self) -> Vec<String> {
        let place = |kind: &String| S::Op::KINDS.iter().position(|known| known == kind);
        let of_bars: BTreeSet<&String> = self.bars().map(|bar| &bar.kind).collect();
        let mut kinds: Vec<String> = of_bars.into_iter().cloned().collect();
        kinds.sort_by_key(|kind| place(kind).unwrap_or(usize::MAX));
        let lanes = self.hosts.iter().chain(&self.involved).chain(&self.others);
        let of_ticks = lanes.flat_map(|lane| &lane.ticks);
        let of_ticks: BTreeSet<&String> = of_ticks.filter_map(|tick| tick.kind.as_ref()).collect();
        for kind in of_ticks {
            if !kinds.contains(kind) {
                kinds.push(kind.clone());
            }
        }
        kinds
    }

    /// Operations of people who are not attackers.
    pub(super) fn honest(&self) -> impl Iterator<Item = &Bar> {
        let lanes = self.involved.iter().chain(&self.others);
        lanes.filter(|lane| !lane.attacks).flat_map(|lane| &lane.bars)
    }

    /// All operations.
    pub(super) fn bars(&self) -> impl Iterator<Item = &Bar> {
        let lanes = self.involved.iter().chain(&self.others);
        lanes.flat_map(|lane| &lane.bars)
    }
}

/// The order of the lanes of hosts: in the direction of requests, from the balancer down.
fn rank(kind: HostKind) -> usize {
    match kind {
        HostKind::Balancer => 0,
        HostKind::Service => 1,
        HostKind::Redis => 2,
        HostKind::Sentinel => 3,
        HostKind::Peer => 4,
        HostKind::People => 5,
    }
}

impl Lane {
    fn named(name: &str) -> Lane {
        Lane {
            name: name.to_owned(),
            rows: 1,
            ..Lane::default()
        }
    }

    fn is_evidence(&self) -> bool {
        let mut bars = self.bars.iter();
        let mut ticks = self.ticks.iter();
        bars.any(|bar| bar.evidence.is_some()) || ticks.any(|tick| tick.evidence.is_some())
    }

    /// Places each bar in the first row in which it overlaps no other.
    fn stack(&mut self, lasts_ms: u64) {
        let gap_ms = lasts_ms / 1500;
        let mut free_at = [0; ROWS_MAX];
        for bar in self.bars.iter_mut().filter(|bar| !bar.is_compound) {
            let row = free_at.iter().position(|free| *free <= bar.from_ms);
            bar.row = row.unwrap_or(ROWS_MAX - 1);
            free_at[bar.row] = free_at[bar.row].max(bar.to_ms + gap_ms);
            self.rows = self.rows.max(bar.row + 1);
        }
    }
}

/// Numbers the evidence from 1 in the order of time. The two records of an operation have one number.
fn numbers<S: Service>(run: &Run<S>) -> BTreeMap<usize, usize> {
    let records = &run.history.records;
    let evidence: BTreeSet<usize> = (run.violations.iter())
        .flat_map(|violation| violation.evidence.iter().copied())
        .filter(|index| *index < records.len())
        .collect();
    let mut by_op: BTreeMap<OpId, usize> = BTreeMap::new();
    let mut numbers = BTreeMap::new();
    let mut next = 1;
    for index in evidence {
        let number = match &records[index].event {
            Event::Began { id, .. } | Event::Ended { id, .. } => *by_op.entry(*id).or_insert(next),
            _ => next,
        };
        next = next.max(number + 1);
        numbers.insert(index, number);
    }
    numbers
}
