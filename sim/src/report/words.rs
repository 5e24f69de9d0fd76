//! Times, outcomes and faults in plain words.

use crate::{fault::Fault, history::Seen, plan::Plan, service::Service, trigger::Trigger};

/// A simulated time in seconds with milliseconds: `21.004 s`.
pub fn seconds(at_ms: u64) -> String {
    format!("{}.{:03} s", at_ms / 1000, at_ms % 1000)
}

/// A duration in short form: `31 ms`, `2.4 s`.
pub fn duration(ms: u64) -> String {
    if ms < 1000 {
        format!("{ms} ms")
    } else {
        format!("{}.{} s", ms / 1000, ms % 1000 / 100)
    }
}

/// The outcome of an operation, without its duration.
pub fn seen(seen: &Seen) -> String {
    match seen {
        Seen::Ok => "ok".into(),
        Seen::Fail(why) => format!("no: {why}"),
        Seen::Unknown(why) => format!("unknown: {why}"),
    }
}

/// The orders of tasks and of arrivals in a plan, as clauses; `None` if both are the defaults.
pub fn orders<S: Service>(plan: &Plan<S>) -> Option<String> {
    let tasks = format!("tasks that can run at the same time run {}", plan.order);
    let arrivals = format!(
        "packets that arrive in the same millisecond are delivered {}",
        plan.arrival_order
    );
    match (plan.order.is_first_come(), plan.arrival_order.is_as_sent()) {
        (true, true) => None,
        (false, true) => Some(tasks),
        (true, false) => Some(arrivals),
        (false, false) => Some(format!("{tasks}; {arrivals}")),
    }
}

/// Describes an injected fault, the operations in flight at that moment, and its trigger.
pub(super) fn injected<S: Service>(fault: &Fault<S>, in_flight: usize, after: Option<&Trigger>) -> String {
    let what = match in_flight {
        _ if fault.repairs() => fault.to_string(),
        0 => fault.to_string(),
        1 => format!("{fault}, with 1 operation in flight"),
        _ => format!("{fault}, with {in_flight} operations in flight"),
    };
    match after {
        Some(trigger) => format!("{what}, {trigger}"),
        None => what,
    }
}
