//! What is drawn: lanes, and what stands in them.

use super::{
    super::words,
    trouble::{self, State, Trouble},
};
use crate::{
    history::{Event, Op, OpId, Seen},
    plan::Behaviour,
    run::Run,
    world::hosts,
};
use std::collections::{BTreeMap, BTreeSet};

/// Rows of bars in one lane; what overlaps more is drawn over the last one.
const ROWS_MAX: usize = 3;

/// How an operation came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Came {
    Done,
    NotDone,
    Unknown,
}

impl Came {
    /// The class of what is drawn.
    pub(super) fn class(self) -> &'static str {
        match self {
            Came::Done => "done",
            Came::NotDone => "notdone",
            Came::Unknown => "unknown",
        }
    }
}

impl From<&Seen> for Came {
    fn from(seen: &Seen) -> Came {
        match seen {
            Seen::Ok => Came::Done,
            Seen::Fail(_) => Came::NotDone,
            Seen::Unknown(_) => Came::Unknown,
        }
    }
}

/// An operation.
#[derive(Debug, Clone)]
pub(super) struct Bar {
    pub(super) who: String,
    pub(super) from_ms: u64,
    pub(super) to_ms: u64,
    pub(super) came: Came,
    /// What kind of operation, for the filter.
    pub(super) kind: &'static str,
    /// A clause without its subject.
    pub(super) what: String,
    /// How it came out, in words.
    pub(super) outcome: String,
    /// A whole login, whose steps are bars of their own.
    pub(super) whole: bool,
    /// Its row in its lane.
    pub(super) row: usize,
    /// Its number among the evidence, if it is.
    pub(super) evidence: Option<usize>,
    /// The records of its beginning and its end.
    pub(super) records: Vec<usize>,
}

/// A moment worth a tick.
#[derive(Debug, Clone)]
pub(super) struct Tick {
    pub(super) at_ms: u64,
    pub(super) kind: &'static str,
    pub(super) what: String,
    pub(super) evidence: Option<usize>,
}

/// A host or a person.
#[derive(Debug, Default)]
pub(super) struct Lane {
    pub(super) name: String,
    pub(super) states: Vec<State>,
    pub(super) bars: Vec<Bar>,
    pub(super) ticks: Vec<Tick>,
    pub(super) rows: usize,
    /// An attacker: what is refused here is as it should be.
    pub(super) attacks: bool,
}

/// All that is drawn of a run.
#[derive(Debug, Default)]
pub(super) struct Model {
    pub(super) lasts_ms: u64,
    pub(super) troubles: Vec<Trouble>,
    pub(super) hosts: Vec<Lane>,
    /// People whose deeds are evidence.
    pub(super) involved: Vec<Lane>,
    pub(super) others: Vec<Lane>,
    /// The number of each record that is evidence.
    pub(super) numbers: BTreeMap<usize, usize>,
}

impl Model {
    pub(super) fn of(run: &Run) -> Model {
        let numbers = numbers(run);
        let attackers: BTreeSet<&str> = (run.plan.operations.iter())
            .filter(|operation| {
                let does = &operation.does;
                matches!(
                    does,
                    Behaviour::StealCodes { .. }
                        | Behaviour::Guess { .. }
                        | Behaviour::PeekAtMail { .. }
                        | Behaviour::Flood { .. }
                )
            })
            .map(|operation| operation.who.as_str())
            .collect();
        let mut lanes: BTreeMap<&str, Lane> = BTreeMap::new();
        let mut order: Vec<&str> = vec![];
        for bar in bars(run, &numbers) {
            let who = &run.history.records[bar.records[0]].who;
            let lane = lanes.entry(who).or_insert_with(|| {
                order.push(who);
                Lane::named(who)
            });
            lane.bars.push(bar);
        }
        let mut states = trouble::states(run);
        let mut by_host: BTreeMap<&str, Lane> = hosts::ALL.into_iter().map(|host| (host, Lane::named(host))).collect();
        for (index, record) in run.history.records.iter().enumerate() {
            let Some((kind, what)) = tick(&record.event) else {
                continue;
            };
            let tick = Tick {
                at_ms: record.at_ms,
                kind,
                what,
                evidence: numbers.get(&index).copied(),
            };
            if let Some(lane) = by_host.get_mut(record.who.as_str()) {
                lane.ticks.push(tick);
            } else if let Some(lane) = lanes.get_mut(record.who.as_str()) {
                lane.ticks.push(tick);
            }
        }
        const ORDER: [&str; 12] = [
            hosts::BALANCER,
            hosts::IDP_A,
            hosts::IDP_B,
            hosts::REDIS_1,
            hosts::REDIS_2,
            hosts::SENTINEL_1,
            hosts::SENTINEL_2,
            hosts::SENTINEL_3,
            hosts::MAIL,
            hosts::ANALYTICS,
            hosts::PEOPLE,
            hosts::ATTACKERS,
        ];
        let mut model = Model {
            lasts_ms: run.plan.lasts_ms,
            troubles: trouble::troubles(&run.history, run.plan.lasts_ms),
            numbers,
            ..Model::default()
        };
        for host in ORDER {
            let mut lane = by_host.remove(host).unwrap_or_default();
            lane.states = states.remove(host).unwrap_or_default();
            model.hosts.push(lane);
        }
        for who in order {
            let mut lane = lanes.remove(who).unwrap_or_default();
            lane.stack(run.plan.lasts_ms);
            lane.attacks = attackers.contains(who);
            let is_evidence = lane.bars.iter().any(|bar| bar.evidence.is_some())
                || lane.ticks.iter().any(|tick| tick.evidence.is_some());
            match is_evidence {
                true => model.involved.push(lane),
                false => model.others.push(lane),
            }
        }
        model
    }

    /// What people did who are not attackers.
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

impl Lane {
    fn named(name: &str) -> Lane {
        Lane {
            name: name.to_owned(),
            rows: 1,
            ..Lane::default()
        }
    }

    /// Gives each bar the first row in which it touches no other.
    fn stack(&mut self, lasts_ms: u64) {
        let gap_ms = lasts_ms / 1500;
        let mut free_at = [0; ROWS_MAX];
        for bar in self.bars.iter_mut().filter(|bar| !bar.whole) {
            let row = free_at.iter().position(|free| *free <= bar.from_ms);
            bar.row = row.unwrap_or(ROWS_MAX - 1);
            free_at[bar.row] = free_at[bar.row].max(bar.to_ms + gap_ms);
            self.rows = self.rows.max(bar.row + 1);
        }
    }
}

/// Numbers the evidence from 1 in the order of time; the two records of an operation have one number.
fn numbers(run: &Run) -> BTreeMap<usize, usize> {
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

fn bars(run: &Run, numbers: &BTreeMap<usize, usize>) -> Vec<Bar> {
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
                    came: Came::Unknown,
                    kind: words::kind_name(op),
                    what: words::op(op),
                    outcome: "no answer until the end".into(),
                    whole: *op == Op::LogIn,
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
                bar.came = seen.into();
                bar.what = match op {
                    Op::LogIn => words::login_ended(seen).to_owned(),
                    op => words::op(op),
                };
                bar.outcome = format!("{}, {}", words::seen(seen), words::duration(*took_ms));
                bar.evidence = bar.evidence.or(number);
                bar.records.push(index);
            }
            _ => {}
        }
    }
    bars
}

/// What is a tick in its lane: everything but operations, faults and roles.
fn tick(event: &Event) -> Option<(&'static str, String)> {
    Some(match event {
        Event::LoggedOut { session } => (
            "logout",
            format!("is logged out without asking for it (session {})", session.0),
        ),
        Event::CodeMailed { address, code } => ("mail", format!("mail with code {} arrives at {address}", code.0)),
        Event::ReminderMailed { address, due_ms } => (
            "mail",
            format!("reminder due at {} arrives at {address}", words::due(*due_ms)),
        ),
        Event::HookCalled { answered: false } => ("hook", "the analytics hook is called, and does not answer".into()),
        Event::Sentinel { says, .. } => ("sentinel", words::sentinel(says).or_else(|| switched(says))?),
        Event::Balancer { says } => ("balancer", format!("answers by itself: {says}")),
        _ => return None,
    })
}

fn switched(says: &str) -> Option<String> {
    says.starts_with("+switch-master")
        .then(|| "tells clients who the new master is (+switch-master)".into())
}
