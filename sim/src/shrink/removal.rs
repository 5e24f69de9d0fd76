//! Removes items from a plan. Operations, faults and entries of the world are treated together, because a failure may
//! need a combination of them.
//!
//! The algorithm is delta debugging (Zeller and Hildebrandt, "Simplifying and isolating failure-inducing input", IEEE
//! TSE 28(2), 2002) over one list of all items of a plan in order of time, so that a chunk removes items of about the
//! same time, whoever they belong to.

use crate::{
    plan::{
        Plan,
        options::{self, Place},
    },
    service::Service,
};
use std::collections::BTreeSet;

/// An item of a plan, identified by its place in the list of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Item {
    Operation(usize),
    Fault(usize),
    /// An entry: an element of an array of tables in the options of the world.
    Entry(Place),
}

/// Items that are removed together.
pub(super) type Unit = Vec<Item>;

/// All items of a plan, in order of time.
pub(super) fn items<S: Service>(plan: &Plan<S>) -> Vec<Item> {
    let operations = (plan.operations.iter().enumerate()).map(|(n, o)| (o.at_ms, Item::Operation(n)));
    let faults = (plan.faults.iter().enumerate()).map(|(n, f)| (f.at_ms, Item::Fault(n)));
    let entries = options::entries(&plan.world).into_iter();
    let entries = entries.map(|entry| (entry.at_ms.unwrap_or(0), Item::Entry(entry.place)));
    let mut items: Vec<(u64, Item)> = operations.chain(faults).chain(entries).collect();
    items.sort();
    items.into_iter().map(|(_, item)| item).collect()
}

/// All items of a plan in units: all operations of one person, or a fault with its end. Units are in order of their
/// first time.
pub(super) fn units<S: Service>(plan: &Plan<S>) -> Vec<Unit> {
    let mut units: Vec<Unit> = vec![];
    let mut taken: BTreeSet<Item> = BTreeSet::new();
    let all = items(plan);
    for (place, &item) in all.iter().enumerate() {
        if !taken.insert(item) {
            continue;
        }
        let mut unit = vec![item];
        let belongs = |other: &&Item| match (item, **other) {
            (Item::Operation(n), Item::Operation(m)) => plan.operations[n].who == plan.operations[m].who,
            (Item::Fault(n), Item::Fault(m)) => plan.faults[n].fault.is_ended_by(&plan.faults[m].fault),
            _ => false,
        };
        let later = all[place + 1..].iter().filter(|other| !taken.contains(other));
        match item {
            Item::Operation(_) => unit.extend(later.filter(belongs)),
            // Only one end, because the next one ends the next fault of that kind.
            Item::Fault(_) => unit.extend(later.filter(belongs).take(1)),
            Item::Entry(_) => {}
        }
        taken.extend(&unit);
        units.push(unit);
    }
    units
}

/// The plan without these items. `None` if such a world is invalid.
pub(super) fn without<S: Service>(plan: &Plan<S>, items: &[Item]) -> Option<Plan<S>> {
    let unwanted: BTreeSet<Item> = items.iter().copied().collect();
    let mut smaller = plan.clone();
    retain(&mut smaller.operations, |n| !unwanted.contains(&Item::Operation(n)));
    retain(&mut smaller.faults, |n| !unwanted.contains(&Item::Fault(n)));
    if unwanted.iter().any(|item| matches!(item, Item::Entry(_))) {
        let wanted = |place, _: Option<&mut u64>| !unwanted.contains(&Item::Entry(place));
        smaller.world = options::with_entries(&plan.world, wanted)?;
    }
    Some(smaller)
}

fn retain<T>(list: &mut Vec<T>, wanted: impl Fn(usize) -> bool) {
    let mut place = 0;
    list.retain(|_| {
        place += 1;
        wanted(place - 1)
    });
}

/// The plan with an earlier end, without the items that would come later. `None` if such a world is invalid.
pub(super) fn ending_at<S: Service>(plan: &Plan<S>, lasts_ms: u64) -> Option<Plan<S>> {
    let mut shorter = plan.clone();
    shorter.lasts_ms = lasts_ms;
    shorter.operations.retain(|operation| operation.at_ms <= lasts_ms);
    shorter.faults.retain(|fault| fault.at_ms <= lasts_ms);
    let in_time = |_, at_ms: Option<&mut u64>| at_ms.is_none_or(|at_ms| *at_ms <= lasts_ms);
    shorter.world = options::with_entries(&plan.world, in_time)?;
    Some(shorter)
}
