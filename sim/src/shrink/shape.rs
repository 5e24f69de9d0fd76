//! The size and the shape of a plan.

use super::Reason;
use crate::{
    plan::{Plan, options},
    service::{Behaviour, Service},
};
use serde::Serialize;
use std::{collections::BTreeMap, fmt};

/// The size of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Size {
    /// Number of different people (and attackers).
    pub people: usize,
    /// Number of `[[operation]]`s: each is a whole behaviour of a person, whatever its number of steps.
    pub operations: usize,
    /// Number of `[[fault]]`s that break something.
    pub faults: usize,
    /// Number of `[[fault]]`s that end others: starts, resumes, mends, the heal.
    pub repairs: usize,
    /// Number of entries of the world: elements of arrays of tables in its options.
    pub extras: usize,
    /// Duration of the run, simulated milliseconds.
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

    /// Number of items that can be removed.
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

/// The shape of a plan: its kinds of operations, and its kinds of faults in their order, without names and times;
/// `web-1` and `web-2` are both a `web`. Failures whose small plans have the same shape and the same [`Reason`] are
/// most likely one bug.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Shape(Vec<String>);

impl Shape {
    /// The shape of a plan. Equal kinds in a row are listed once, because the number of people that a failure needs
    /// depends on the seed.
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

/// Failures with the same reason and the same shape.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Group<T> {
    /// Their reason.
    pub reason: Reason,
    /// The shape of their small plans.
    pub shape: Shape,
    /// The failures, in their original order.
    pub members: Vec<T>,
}

/// Groups failures by reason and shape, the largest group first, so that each bug is one line of a table.
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
