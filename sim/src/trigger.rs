//! Triggers: an event of the run, and a delay after it, that decide when a fault is injected.
//!
//! A race is lost within a few milliseconds. A fault at a random time seldom hits this window; one that is injected
//! relative to an event does. A trigger is data, so it can be replayed and shrunk.

use crate::{
    calls::Moment,
    history::{Event, Seen},
    service::{Observation, Op, Service},
    world::{HostKind, World},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fmt};
use thiserror::Error;

/// The event to which a fault is relative.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trigger {
    /// The event: one of [`event_names`].
    pub event: String,
    /// The occurrence of the event that counts, from 1, counted from the time of the fault on.
    #[serde(default = "once")]
    pub nth: u32,
    /// Delay after the event, milliseconds. At 0 the fault is injected when all tasks have done their work of that
    /// millisecond, and nothing that they sent in it has arrived.
    #[serde(default)]
    pub offset_ms: u64,
}

fn once() -> u32 {
    1
}

impl Trigger {
    /// A trigger for the first occurrence of an event. [`crate::nemesis::check`] says whether the event can happen at
    /// all.
    pub fn at(event: impl Into<String>) -> Trigger {
        Trigger {
            event: event.into(),
            nth: once(),
            offset_ms: 0,
        }
    }

    /// Whether this record of the history is its event.
    pub(crate) fn is_event<S: Service>(&self, event: &Event<S>) -> bool {
        let name = self.event.as_str();
        let turn = |op: &S::Op, turns: &[&str]| {
            let rest = name.strip_prefix(op.kind().as_str());
            rest.and_then(|rest| rest.strip_prefix(' '))
                .is_some_and(|turn| turns.contains(&turn))
        };
        match event {
            Event::Began { op, .. } => turn(op, &["begins"]),
            Event::Ended { op, seen, .. } => turn(
                op,
                match seen {
                    Seen::Ok => &["ends", "succeeds"],
                    Seen::Fail(_) => &["ends", "fails"],
                    Seen::Unknown(_) => &["ends", "in doubt"],
                },
            ),
            Event::Balancer { .. } => name == BALANCER_ANSWERS,
            Event::Role { host, role } => *name == format!("{host} becomes {role}"),
            Event::Ready { host, ready: true, .. } => *name == format!("{host} opens its port"),
            Event::Ready { host, ready: false, .. } => *name == format!("{host} closes its port"),
            Event::Sentinel { says, .. } => {
                let word = name.strip_prefix("sentinel says ");
                word.is_some_and(|word| says.split_whitespace().next() == Some(word))
            }
            Event::Fault { .. } | Event::Exit { .. } => false,
            Event::Own(own) => name == own.name(),
        }
    }

    /// Whether this mark is its event.
    pub(crate) fn is_mark(&self, mark: &str) -> bool {
        self.event.strip_prefix("mark: ") == Some(mark)
    }

    /// Whether this call of a process is its event, on this side of the call.
    pub(crate) fn is_call(&self, host: &str, call: &str, moment: Moment) -> bool {
        let rest = self.event.strip_prefix(host).and_then(|rest| rest.strip_prefix(' '));
        let rest = rest.and_then(|rest| rest.strip_prefix(moment.verb()));
        rest.and_then(|rest| rest.strip_prefix(' ')) == Some(call)
    }

    /// Whether this command, which a Redis master executed, is its event.
    pub(crate) fn is_write<S: Service>(&self, command: &str, key: &str) -> bool {
        S::name_of_write(&command.to_ascii_uppercase(), key) == Some(self.event.as_str())
    }
}

impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.offset_ms {
            0 => f.write_str("at")?,
            ms => write!(f, "{ms} ms after")?,
        }
        match self.nth {
            1 => write!(f, " the first \u{201c}{}\u{201d}", self.event),
            nth => write!(f, " \u{201c}{}\u{201d} no. {nth}", self.event),
        }
    }
}

/// No event has this name.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("no run of this world ever reports {name:?}, so no fault can be relative to it; {}", suggestions(.name, .known))]
pub struct UnknownEvent {
    /// The unknown name.
    pub name: String,
    /// All names of events.
    pub known: Vec<String>,
}

fn suggestions(name: &str, known: &[String]) -> String {
    let words: BTreeSet<&str> = name.split_whitespace().collect();
    let alike = |event: &str| event.split_whitespace().filter(|word| words.contains(word)).count();
    let mut near: Vec<&String> = known.iter().collect();
    near.sort_by_key(|event| std::cmp::Reverse(alike(event)));
    let most = near.first().map_or(0, |event| alike(event));
    near.retain(|event| most > 0 && alike(event) == most);
    let near: Vec<String> = near.into_iter().take(6).map(|event| format!("{event:?}")).collect();
    match near.is_empty() {
        true => {
            let some: Vec<String> = known.iter().take(3).map(|event| format!("{event:?}")).collect();
            format!("there are {} events, as {}", known.len(), some.join(", "))
        }
        false => format!("near it are {}", near.join(", ")),
    }
}

/// The moments of an operation that triggers may name.
const TURNS: [&str; 5] = ["begins", "ends", "succeeds", "fails", "in doubt"];

const BALANCER_ANSWERS: &str = "balancer answers";

/// The steps of a failover, as Sentinels name them.
const SENTINEL: [&str; 14] = [
    "+sdown",
    "-sdown",
    "+odown",
    "-odown",
    "+new-epoch",
    "+vote-for-leader",
    "+try-failover",
    "+elected-leader",
    "+selected-slave",
    "+promoted-slave",
    "+switch-master",
    "+failover-end",
    "+convert-to-slave",
    "+tilt",
];

/// The names of all events of a world that a trigger may wait for, always in the same order.
pub fn event_names<S: Service>(world: &World<S>) -> Vec<String> {
    let operations = S::Op::KINDS
        .iter()
        .flat_map(|kind| TURNS.map(|turn| format!("{kind} {turn}")));
    let of_hosts = world.hosts().flat_map(|host| match host.kind() {
        HostKind::Redis => ["master", "replica"]
            .map(|role| format!("{} becomes {role}", host.name()))
            .to_vec(),
        HostKind::Service => ["opens", "closes"]
            .map(|does| format!("{} {does} its port", host.name()))
            .to_vec(),
        HostKind::Balancer => vec![BALANCER_ANSWERS.to_owned()],
        _ => vec![],
    });
    let has_sentinels = world.hosts().any(|host| host.kind() == HostKind::Sentinel);
    let sentinel = SENTINEL.iter().filter(|_| has_sentinels);
    let plain = S::WRITES
        .iter()
        .chain(S::Observation::NAMES)
        .map(|name| (*name).to_owned());
    let marks = S::MARKS.iter().map(|mark| format!("mark: {mark}"));
    let processes = world.hosts().filter(|host| host.kind() == HostKind::Service);
    let calls = processes.flat_map(|host| {
        let moments = [Moment::Before, Moment::After].into_iter();
        moments.flat_map(move |moment| S::CALLS.iter().map(move |site| moment.event(host.name(), site.name)))
    });
    let mut names: Vec<String> = operations
        .chain(plain)
        .chain(of_hosts)
        .chain(sentinel.map(|word| format!("sentinel says {word}")))
        .chain(marks)
        .chain(calls)
        .collect();
    names.dedup();
    names
}

#[cfg(test)]
mod tests;
