//! Takes things out of a plan: people, operations, faults and reminders jointly, for they matter
//! together.
//!
//! Delta debugging (Zeller and Hildebrandt, "Simplifying and isolating failure-inducing input",
//! IEEE TSE 28(2), 2002) over one list of everything that a plan contains, in order of time, so that
//! a chunk takes out what happens at about one time, whoever does it.

use crate::plan::Plan;
use std::collections::BTreeSet;

/// One thing in a plan, by its place in the list of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Item {
    Operation(usize),
    Fault(usize),
    Reminder(usize),
}

/// What is taken out together.
pub(super) type Unit = Vec<Item>;

/// Everything in a plan, in order of time.
pub(super) fn items(plan: &Plan) -> Vec<Item> {
    let operations = (plan.operations.iter().enumerate()).map(|(n, o)| (o.at_ms, Item::Operation(n)));
    let faults = (plan.faults.iter().enumerate()).map(|(n, f)| (f.at_ms, Item::Fault(n)));
    let reminders = (plan.world.reminders.iter().enumerate()).map(|(n, r)| (r.due_ms, Item::Reminder(n)));
    let mut items: Vec<(u64, Item)> = operations.chain(faults).chain(reminders).collect();
    items.sort();
    items.into_iter().map(|(_, item)| item).collect()
}

/// Everything in a plan, in units: all that one person does, a fault and what ends it. In order of
/// the first time in each.
pub(super) fn units(plan: &Plan) -> Vec<Unit> {
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
            (Item::Fault(n), Item::Fault(m)) => plan.faults[n].fault.ended_by(&plan.faults[m].fault),
            _ => false,
        };
        let later = all[place + 1..].iter().filter(|other| !taken.contains(other));
        match item {
            Item::Operation(_) => unit.extend(later.filter(belongs)),
            // one end only: the next one ends the next fault of that kind
            Item::Fault(_) => unit.extend(later.filter(belongs).take(1)),
            Item::Reminder(_) => {}
        }
        taken.extend(&unit);
        units.push(unit);
    }
    units
}

/// The plan without these items.
pub(super) fn without<'a>(plan: &Plan, out: impl IntoIterator<Item = &'a Item>) -> Plan {
    let out: BTreeSet<Item> = out.into_iter().copied().collect();
    let mut smaller = plan.clone();
    keep(&mut smaller.operations, |n| !out.contains(&Item::Operation(n)));
    keep(&mut smaller.faults, |n| !out.contains(&Item::Fault(n)));
    keep(&mut smaller.world.reminders, |n| !out.contains(&Item::Reminder(n)));
    smaller
}

fn keep<T>(list: &mut Vec<T>, wanted: impl Fn(usize) -> bool) {
    let mut place = 0;
    list.retain(|_| {
        place += 1;
        wanted(place - 1)
    });
}

/// The plan, ending at this time, without what would come later.
pub(super) fn ending_at(plan: &Plan, lasts_ms: u64) -> Plan {
    let mut shorter = plan.clone();
    shorter.lasts_ms = lasts_ms;
    shorter.operations.retain(|operation| operation.at_ms <= lasts_ms);
    shorter.faults.retain(|fault| fault.at_ms <= lasts_ms);
    shorter.world.reminders.retain(|reminder| reminder.due_ms <= lasts_ms);
    shorter
}
