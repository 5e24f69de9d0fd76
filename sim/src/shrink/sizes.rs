//! Smaller sizes.
//!
//! A size is any whole number in a behaviour or a fault, and the numbers of a trigger. 0 stays 0, because it ends many
//! faults. Of a negative number the absolute value gets smaller. Times (`at_ms`) are not sizes.

use crate::{
    plan::{Plan, options::to_json},
    service::Service,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

/// Candidates with a smaller size at this place. `None` if there is no such place.
pub(super) fn smaller<S: Service>(plan: &Plan<S>, place: usize) -> Option<Vec<Plan<S>>> {
    let mut sizes = vec![];
    with_sizes(plan, &mut |size| {
        sizes.push(size);
        size
    });
    let candidates = less_than(*sizes.get(place)?).into_iter().filter_map(|less| {
        let mut index = 0;
        with_sizes(plan, &mut |size| {
            index += 1;
            if index == place + 1 { less } else { size }
        })
    });
    Some(candidates.collect())
}

/// Smaller values to try, the simplest first.
fn less_than(size: u64) -> Vec<u64> {
    let halved = [round_down(size / 2), round_down(size.saturating_sub(1))];
    let mut less: Vec<u64> = vec![];
    for value in [1, 10, 100, 1000].into_iter().chain(halved) {
        if (1..size).contains(&value) && !less.contains(&value) {
            less.push(value);
        }
    }
    less
}

/// Rounds down to one digit followed by zeros.
fn round_down(value: u64) -> u64 {
    match value.checked_ilog10() {
        Some(digits) => value / 10u64.pow(digits) * 10u64.pow(digits),
        None => 0,
    }
}

/// The plan with other sizes; `change` is called for each in the order of the plan. `None` if there is no such plan.
fn with_sizes<S: Service>(plan: &Plan<S>, change: &mut dyn FnMut(u64) -> u64) -> Option<Plan<S>> {
    let mut changed = plan.clone();
    // `change` is called for every size, even if one of them makes the plan invalid.
    let mut exists = true;
    for operation in &mut changed.operations {
        exists &= change_sizes(&mut operation.does, change);
    }
    for timed in &mut changed.faults {
        if let Some(trigger) = &mut timed.after {
            trigger.nth = change_one(trigger.nth.into(), change) as u32;
            trigger.offset_ms = change_one(trigger.offset_ms, change);
        }
        exists &= change_sizes(&mut timed.fault, change);
    }
    exists.then_some(changed)
}

/// Changes the sizes of a part; returns whether such a part is valid.
fn change_sizes<T: Serialize + DeserializeOwned>(part: &mut T, change: &mut dyn FnMut(u64) -> u64) -> bool {
    let before = to_json(part);
    let mut json = before.clone();
    each_size(&mut json, change);
    if json == before {
        return true;
    }
    match serde_json::from_value(json) {
        Ok(changed) => {
            *part = changed;
            true
        }
        Err(_) => false,
    }
}

fn each_size(json: &mut Value, change: &mut dyn FnMut(u64) -> u64) {
    match json {
        Value::Number(number) => {
            if let Some(size) = number.as_u64() {
                *number = change_one(size, change).into();
            } else if let Some(negative) = number.as_i64() {
                *number = 0i64.saturating_sub_unsigned(change(negative.unsigned_abs())).into();
            }
        }
        Value::Array(elements) => elements.iter_mut().for_each(|element| each_size(element, change)),
        Value::Object(table) => {
            let fields = table.iter_mut().filter(|(key, _)| *key != "at_ms");
            fields.for_each(|(_, value)| each_size(value, change));
        }
        _ => {}
    }
}

fn change_one(size: u64, change: &mut dyn FnMut(u64) -> u64) -> u64 {
    if size == 0 { 0 } else { change(size) }
}
