//! Simplifies the rest of a plan: a shorter run, smaller gaps, rounder times, simpler behaviour, default settings.
//!
//! Every candidate is simpler than its plan in a way that no later candidate undoes (times become earlier or rounder,
//! behaviour becomes simpler, settings return to their defaults), so the search ends.

use super::removal::ending_at;
use crate::{
    engine::{ArrivalOrder, Order},
    nemesis,
    plan::{
        Plan,
        options::{self, Path, to_json},
    },
    service::{Behaviour, Service},
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Times are rounded to multiples of these, milliseconds; the roundest first.
const ROUND_MS: [u64; 2] = [1000, 100];

/// Candidates with a shorter run, for a violation that was certain at `certain_ms`. Nothing later can matter to a
/// safety property. A liveness property has a bound of its own, for which the steps in between are tried.
pub(super) fn shorter<S: Service>(plan: &Plan<S>, certain_ms: u64) -> Vec<Plan<S>> {
    let least_ms = certain_ms.next_multiple_of(1000);
    let Some(rest_ms) = plan.lasts_ms.checked_sub(least_ms).filter(|rest| *rest > 0) else {
        return vec![];
    };
    let parts = [0, rest_ms / 4, rest_ms / 2, rest_ms * 3 / 4];
    let mut ends: Vec<u64> = parts.iter().map(|part| (least_ms + part) / 1000 * 1000).collect();
    ends.dedup();
    let shorter = ends.into_iter().filter(|end| (1..plan.lasts_ms).contains(end));
    shorter.filter_map(|end| ending_at(plan, end)).collect()
}

/// The plan with the default orders of tasks and arrivals: both, or one of them. They are equal to the plan if it has
/// these orders already.
pub(super) fn default_orders<S: Service>(plan: &Plan<S>) -> Vec<Plan<S>> {
    let orders = [
        (Order::FirstCome, ArrivalOrder::AsSent),
        (plan.order, ArrivalOrder::AsSent),
        (Order::FirstCome, plan.arrival_order),
    ];
    let with = |(order, arrival_order)| Plan {
        order,
        arrival_order,
        ..plan.clone()
    };
    orders.map(with).into()
}

/// Candidates with a smaller gap before the event at this place: everything from there on moves earlier by whole
/// seconds. `None` if there is no such place.
pub(super) fn smaller_gaps<S: Service>(plan: &Plan<S>, place: usize) -> Option<Vec<Plan<S>>> {
    let mut times = times(plan);
    times.push(0);
    times.sort_unstable();
    times.dedup();
    let (before_ms, at_ms) = (*times.get(place)?, *times.get(place + 1)?);
    let gap_ms = at_ms - before_ms;
    let mut shifts = vec![(gap_ms - 1) / 1000 * 1000, gap_ms / 2 / 1000 * 1000];
    shifts.dedup();
    // An entry of the world may be planned for a time after the end of the run.
    let shifts = shifts
        .into_iter()
        .filter(|shift_ms| (1..plan.lasts_ms).contains(shift_ms));
    let moved = shifts.filter_map(|shift_ms| {
        let earlier = with_times(plan, &mut |ms| if ms >= at_ms { ms - shift_ms } else { ms })?;
        let lasts_ms = plan.lasts_ms - shift_ms;
        Some(Plan { lasts_ms, ..earlier })
    });
    Some(moved.collect())
}

/// Candidates with a rounder time at this place; place 0 means all places at once. `None` if there is no such place.
pub(super) fn rounder_times<S: Service>(plan: &Plan<S>, place: usize) -> Option<Vec<Plan<S>>> {
    let rounded = |round: &dyn Fn(usize, u64) -> u64| {
        let mut index = 0;
        let mut rounder = with_times(plan, &mut |ms| {
            index += 1;
            round(index - 1, ms)
        })?;
        rounder.operations.sort_by_key(|operation| operation.at_ms);
        rounder.faults.sort_by_key(|fault| fault.at_ms);
        Some(rounder)
    };
    let Some(wanted) = place.checked_sub(1) else {
        return Some(Vec::from_iter(rounded(&|_, ms| ms / 1000 * 1000)));
    };
    let time_ms = *times(plan).get(wanted)?;
    let units = ROUND_MS.into_iter().filter(|unit| !time_ms.is_multiple_of(*unit));
    let rounder_ms = units.flat_map(|unit| [time_ms / unit * unit, time_ms.next_multiple_of(unit)]);
    let candidates = rounder_ms.filter_map(|to_ms| rounded(&|index, ms| if index == wanted { to_ms } else { ms }));
    Some(candidates.collect())
}

/// Candidates in which the faults at these places have no triggers, but the times at which they were injected: at the
/// beginning of that millisecond, or of the next one, because triggers inject at the end of a millisecond.
pub(super) fn without_triggers<S: Service>(
    plan: &Plan<S>,
    triggered: &BTreeMap<usize, Option<u64>>,
    places: &BTreeSet<usize>,
) -> Vec<Plan<S>> {
    let times: Vec<(usize, u64)> = (places.iter())
        .filter_map(|place| Some((*place, (*triggered.get(place)?)?)))
        .collect();
    if times.is_empty() {
        return vec![];
    }
    let moved = [0, 1].map(|later_ms| {
        let mut timed = plan.clone();
        for (place, at_ms) in &times {
            let fault = &mut timed.faults[*place];
            fault.at_ms = (at_ms + later_ms).min(plan.lasts_ms);
            fault.after = None;
        }
        timed.faults.sort_by_key(|fault| fault.at_ms);
        timed
    });
    moved.into()
}

/// Candidates with simpler behaviour in the operation at this place: [`Behaviour::plainer`], and one element fewer in
/// one of its arrays. `None` if there is no such place.
pub(super) fn plainer_behaviour<S: Service>(plan: &Plan<S>, place: usize) -> Option<Vec<Plan<S>>> {
    let does = &plan.operations.get(place)?.does;
    let mut fewer = vec![];
    let json = to_json(does);
    each_removal(&json, &mut vec![], &mut |path, index| {
        let mut json = json.clone();
        let array = path.iter().fold(&mut json, |json, key| &mut json[key.as_str()]);
        array.as_array_mut().expect("the path leads to an array").remove(index);
        fewer.extend(serde_json::from_value(json).ok());
    });
    let candidates = does.plainer().into_iter().chain(fewer).map(|does: S::Behaviour| {
        let mut plainer = plan.clone();
        plainer.operations[place].does = does;
        plainer
    });
    Some(candidates.collect())
}

/// Calls `visit` for each element of each array in these tables.
fn each_removal(json: &Value, path: &mut Path, visit: &mut dyn FnMut(&Path, usize)) {
    match json {
        Value::Array(elements) => (0..elements.len()).for_each(|index| visit(path, index)),
        Value::Object(table) => {
            for (key, value) in table {
                path.push(key.clone());
                each_removal(value, path, visit);
                path.pop();
            }
        }
        _ => {}
    }
}

/// Candidates with default settings of the world, whose entries are kept. Place 0 means all settings at once; each
/// other place is one setting with those that have to change together with it. `None` if there is no such place.
pub(super) fn default_settings<S: Service>(plan: &Plan<S>, place: usize) -> Option<Vec<Plan<S>>> {
    let defaults = S::World::default();
    let differences = options::differences(&plan.world, &defaults).into_iter();
    let paths: Vec<Path> = differences
        .filter(|difference| !difference.is_list)
        .map(|difference| difference.path)
        .collect();
    let changed = |paths: Vec<&Path>| {
        let world = options::with_settings_of(&plan.world, &defaults, paths)?;
        Some(Plan { world, ..plan.clone() })
    };
    let Some(wanted) = place.checked_sub(1) else {
        return Some(Vec::from_iter(changed(paths.iter().collect())));
    };
    let path = paths.get(wanted)?;
    let mut candidates: Vec<Plan<S>> = options::groups(&paths, path).into_iter().filter_map(changed).collect();
    if candidates.first().is_none_or(|alone| nemesis::check(alone).is_err()) {
        let others = paths.iter().filter(|other| *other != path);
        candidates.extend(others.filter_map(|other| changed(vec![path, other])));
    }
    Some(candidates)
}

fn times<S: Service>(plan: &Plan<S>) -> Vec<u64> {
    let mut times = vec![];
    with_times(plan, &mut |ms| {
        times.push(ms);
        ms
    });
    times
}

/// The plan with other times; `change` is called for the time of each item. `None` if such a world is invalid.
fn with_times<S: Service>(plan: &Plan<S>, change: &mut dyn FnMut(u64) -> u64) -> Option<Plan<S>> {
    let mut changed = plan.clone();
    for operation in &mut changed.operations {
        operation.at_ms = change(operation.at_ms);
    }
    for fault in &mut changed.faults {
        fault.at_ms = change(fault.at_ms);
    }
    changed.world = options::with_entries(&plan.world, |_, time| {
        if let Some(at_ms) = time {
            *at_ms = change(*at_ms);
        }
        true
    })?;
    Some(changed)
}
