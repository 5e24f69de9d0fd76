//! How large a plan is, and its shape.

use super::Reason;
use crate::{
    plan::{Plan, options},
    service::{Behaviour, Service},
};
use serde::Serialize;
use std::{collections::BTreeMap, fmt};

/// How large a plan is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Size {
    /// Different people (and attackers) who do something.
    pub people: usize,
    /// `[[operation]]`s: each is all that somebody does at a time, in however many steps.
    pub operations: usize,
    /// `[[fault]]`s that make trouble.
    pub faults: usize,
    /// `[[fault]]`s that end it: starts, resumes, mends, the heal.
    pub repairs: usize,
    /// Entries of the world: elements of arrays of tables in its options.
    pub extras: usize,
    /// How long the run lasts, simulated milliseconds.
    pub lasts_ms: u64,
}

impl Size {
    /// The size of a plan.
    pub fn of<S: Service>(plan: &Plan<S>) -> Size {
        let mut people: Vec<&str> = plan.operations.iter().map(|o| o.who.as_str()).collect();
        people.sort_unstable();
        people.dedup();
        let repairs = plan.faults.iter().filter(|timed| timed.fault.repairs()).count();
        Size {
            people: people.len(),
            operations: plan.operations.len(),
            faults: plan.faults.len() - repairs,
            repairs,
            extras: options::entries(&plan.world).len(),
            lasts_ms: plan.lasts_ms,
        }
    }

    /// Everything in the plan that can be taken away.
    pub fn items(&self) -> usize {
        self.operations + self.faults + self.repairs + self.extras
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |number: usize, noun: &str| format!("{number} {noun}{}", if number == 1 { "" } else { "s" });
        let people = match self.people {
            1 => "1 person".to_owned(),
            many => format!("{many} people"),
        };
        write!(f, "{people}, {}, ", count(self.operations, "operation"))?;
        write!(
            f,
            "{}, {}, ",
            count(self.faults, "fault"),
            count(self.repairs, "repair")
        )?;
        match self.extras {
            0 => {}
            1 => write!(f, "1 world entry, ")?,
            many => write!(f, "{many} world entries, ")?,
        }
        write!(f, "{}.{:03} s", self.lasts_ms / 1000, self.lasts_ms % 1000)
    }
}

/// The shape of a plan: which kinds of operations there are, and which kinds of faults in which order, without names and
/// times; `web-1` and `web-2` are both a `web`. Failures whose small plans have one shape and one [`Reason`] are most
/// likely one bug.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Shape(Vec<String>);

impl Shape {
    /// The shape of a plan. What comes several times in a row is listed once: how many people it took depends on the seed.
    pub fn of<S: Service>(plan: &Plan<S>) -> Shape {
        let mut words: Vec<String> = plan.operations.iter().map(|o| o.does.kind()).collect();
        words.sort();
        let entries = options::entries(&plan.world).into_iter();
        words.extend(entries.map(|entry| format!("world.{}", entry.list)));
        let mut faults: Vec<_> = plan.faults.iter().collect();
        faults.sort_by_key(|timed| timed.at_ms);
        words.extend(faults.into_iter().map(|timed| timed.fault.shape()));
        words.dedup();
        Shape(words)
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.is_empty() {
            true => f.write_str("nobody does anything"),
            false => f.write_str(&self.0.join(", ")),
        }
    }
}

/// Failures of one reason and one shape.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Group<T> {
    /// Why they failed.
    pub reason: Reason,
    /// The shape of their small plans.
    pub shape: Shape,
    /// The failures, in the order in which they came.
    pub members: Vec<T>,
}

/// Sorts failures by reason and shape, the largest group first: one bug is one line.
pub fn group<T>(failures: impl IntoIterator<Item = (Reason, Shape, T)>) -> Vec<Group<T>> {
    let mut groups: BTreeMap<(Reason, Shape), Vec<T>> = BTreeMap::new();
    for (reason, shape, member) in failures {
        groups.entry((reason, shape)).or_default().push(member);
    }
    let mut groups: Vec<Group<T>> = groups
        .into_iter()
        .map(|((reason, shape), members)| Group { reason, shape, members })
        .collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.members.len()));
    groups
}
