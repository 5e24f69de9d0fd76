//! Makes what is left of a plan simpler: a shorter run, smaller gaps, rounder times, smaller sizes, the
//! standard world.
//!
//! Every candidate is simpler than its plan in a way that no later candidate undoes (times come
//! earlier or get rounder, sizes get smaller, knobs return to what they are by default), so taking
//! candidates ends.

use super::removal::ending_at;
use crate::{
    fault::{Fault, Manner},
    plan::{Behaviour, Plan, WorldOptions},
};
use std::collections::{BTreeMap, BTreeSet};

/// Times are rounded to multiples of these, milliseconds; the roundest first.
const ROUND_MS: [u64; 2] = [1000, 100];

/// Shorter runs, for a violation that was certain at this time: nothing later can matter to a claim
/// of safety; one of liveness has a bound of its own, which the steps in between look for.
pub(super) fn shorter(plan: &Plan, certain_ms: u64) -> Vec<Plan> {
    let least_ms = certain_ms.next_multiple_of(1000);
    let Some(rest_ms) = plan.lasts_ms.checked_sub(least_ms).filter(|rest| *rest > 0) else {
        return vec![];
    };
    let parts = [0, rest_ms / 4, rest_ms / 2, rest_ms * 3 / 4];
    let mut ends: Vec<u64> = parts.iter().map(|part| (least_ms + part) / 1000 * 1000).collect();
    ends.dedup();
    let shorter = ends.into_iter().filter(|end| (1..plan.lasts_ms).contains(end));
    shorter.map(|end| ending_at(plan, end)).collect()
}

/// A smaller gap before the moment of this place: everything from there on moves earlier by whole
/// seconds. `None` past the last place.
pub(super) fn closer(plan: &Plan, place: usize) -> Option<Vec<Plan>> {
    let mut times = vec![0];
    each_time(&mut plan.clone(), &mut |ms| times.push(*ms));
    times.sort_unstable();
    times.dedup();
    let (before_ms, at_ms) = (*times.get(place)?, *times.get(place + 1)?);
    let gap_ms = at_ms - before_ms;
    let mut shifts = vec![(gap_ms - 1) / 1000 * 1000, gap_ms / 2 / 1000 * 1000];
    shifts.dedup();
    // A reminder may be due after the end.
    let shifts = shifts
        .into_iter()
        .filter(|shift_ms| (1..plan.lasts_ms).contains(shift_ms));
    let moved = shifts.map(|shift_ms| {
        let mut moved = plan.clone();
        each_time(&mut moved, &mut |ms| {
            if *ms >= at_ms {
                *ms -= shift_ms;
            }
        });
        moved.lasts_ms -= shift_ms;
        moved
    });
    Some(moved.collect())
}

/// A rounder time at this place; place 0 is all of them at once. `None` past the last place.
pub(super) fn rounder(plan: &Plan, place: usize) -> Option<Vec<Plan>> {
    let mut times = vec![];
    each_time(&mut plan.clone(), &mut |ms| times.push(*ms));
    let rounded = |round: &dyn Fn(usize, u64) -> u64| {
        let (mut index, mut rounder) = (0, plan.clone());
        each_time(&mut rounder, &mut |ms| {
            *ms = round(index, *ms);
            index += 1;
        });
        rounder.operations.sort_by_key(|operation| operation.at_ms);
        rounder.faults.sort_by_key(|fault| fault.at_ms);
        rounder
    };
    let Some(wanted) = place.checked_sub(1) else {
        return Some(vec![rounded(&|_, ms| ms / 1000 * 1000)]);
    };
    let time_ms = *times.get(wanted)?;
    let units = ROUND_MS.into_iter().filter(|unit| !time_ms.is_multiple_of(*unit));
    let tries = units.flat_map(|unit| [time_ms / unit * unit, time_ms.next_multiple_of(unit)]);
    Some(
        tries
            .map(|to_ms| rounded(&|index, ms| if index == wanted { to_ms } else { ms }))
            .collect(),
    )
}

/// The aimed faults of these places at the times at which they struck: before anything else of that
/// millisecond, or in the next one, for an aim strikes at the end of one.
pub(super) fn untied(plan: &Plan, struck: &BTreeMap<usize, Option<u64>>, places: &BTreeSet<usize>) -> Vec<Plan> {
    let times: Vec<(usize, u64)> = (places.iter())
        .filter_map(|place| Some((*place, (*struck.get(place)?)?)))
        .collect();
    if times.is_empty() {
        return vec![];
    }
    let moved = [0, 1].map(|later_ms| {
        let mut untied = plan.clone();
        for (place, at_ms) in &times {
            let fault = &mut untied.faults[*place];
            fault.at_ms = (at_ms + later_ms).min(plan.lasts_ms);
            fault.after = None;
        }
        untied.faults.sort_by_key(|fault| fault.at_ms);
        untied
    });
    moved.into()
}

/// Plainer behaviour in the operation of this place. `None` past the last place.
pub(super) fn tamer(plan: &Plan, place: usize) -> Option<Vec<Plan>> {
    let does = |does: Behaviour| {
        let mut tamer = plan.clone();
        tamer.operations[place].does = does;
        tamer
    };
    Some(match &plan.operations.get(place)?.does {
        Behaviour::LogInImpatiently { .. }
        | Behaviour::StayLoggedIn { .. }
        | Behaviour::RaceCode
        | Behaviour::BurnCode => vec![does(Behaviour::LogIn)],
        Behaviour::StealCodes { after_ms } => {
            let fewer = (0..after_ms.len()).map(|index| {
                let mut after_ms = after_ms.clone();
                after_ms.remove(index);
                does(Behaviour::StealCodes { after_ms })
            });
            fewer.collect()
        }
        _ => vec![],
    })
}

/// A smaller size at this place. `None` past the last place.
pub(super) fn smaller(plan: &Plan, place: usize) -> Option<Vec<Plan>> {
    let mut sizes = vec![];
    each_size(&mut plan.clone(), &mut |size| {
        sizes.push(size);
        size
    });
    let tries = less_than(*sizes.get(place)?).into_iter().map(|less| {
        let (mut index, mut smaller) = (0, plan.clone());
        each_size(&mut smaller, &mut |size| {
            index += 1;
            if index == place + 1 { less } else { size }
        });
        smaller
    });
    Some(tries.collect())
}

/// The standard world: place 0 is all of it at once, the others are one knob each. `None` past the last
/// place.
pub(super) fn plainer(plan: &Plan, place: usize) -> Option<Vec<Plan>> {
    let standard = WorldOptions {
        reminders: plan.world.reminders.clone(),
        ..WorldOptions::default()
    };
    type Knob = fn(&mut WorldOptions, &WorldOptions);
    let knobs: [Knob; 15] = [
        |world, standard| *world = standard.clone(),
        |world, standard| {
            world.latency_ms_min = standard.latency_ms_min;
            world.latency_ms_max = standard.latency_ms_max;
        },
        |world, standard| world.replication_ms = standard.replication_ms,
        |world, standard| world.replication_late_ppm = standard.replication_late_ppm,
        |world, standard| world.persistence = standard.persistence,
        |world, standard| world.down_after_ms = standard.down_after_ms,
        |world, standard| world.failover_timeout_ms = standard.failover_timeout_ms,
        |world, standard| world.quorum = standard.quorum,
        |world, standard| world.proxy_connect_timeout_ms = standard.proxy_connect_timeout_ms,
        |world, standard| world.proxy_read_timeout_ms = standard.proxy_read_timeout_ms,
        |world, standard| world.fail_timeout_ms = standard.fail_timeout_ms,
        |world, standard| world.upstream_keepalive = standard.upstream_keepalive,
        |world, standard| world.code_ttl_s = standard.code_ttl_s,
        |world, standard| world.limit_window_s = standard.limit_window_s,
        |world, standard| world.lease_ms = standard.lease_ms,
    ];
    let turn = knobs.get(place)?;
    let mut plainer = plan.clone();
    turn(&mut plainer.world, &standard);
    Some(vec![plainer])
}

/// Smaller values to try, the simplest first.
fn less_than(size: u64) -> Vec<u64> {
    let mut less: Vec<u64> = vec![
        1,
        10,
        100,
        1000,
        round_down(size / 2),
        round_down(size.saturating_sub(1)),
    ];
    less.retain(|value| (1..size).contains(value));
    let mut seen = std::collections::BTreeSet::new();
    less.retain(|value| seen.insert(*value));
    less
}

/// One digit and zeros.
fn round_down(value: u64) -> u64 {
    match value.checked_ilog10() {
        Some(digits) => value / 10u64.pow(digits) * 10u64.pow(digits),
        None => 0,
    }
}

/// Every time at which something is planned.
fn each_time(plan: &mut Plan, change: &mut dyn FnMut(&mut u64)) {
    for operation in &mut plan.operations {
        change(&mut operation.at_ms);
    }
    for fault in &mut plan.faults {
        change(&mut fault.at_ms);
    }
    for reminder in &mut plan.world.reminders {
        change(&mut reminder.due_ms);
    }
}

/// Every size: how many, how long, how much. What is 0 is not asked about: for many it means the end
/// of something.
fn each_size(plan: &mut Plan, change: &mut dyn FnMut(u64) -> u64) {
    let mut asked = |value: u64| if value == 0 { 0 } else { change(value) };
    for operation in &mut plan.operations {
        match &mut operation.does {
            Behaviour::LogInImpatiently { clicks } => *clicks = asked((*clicks).into()) as u32,
            Behaviour::StayLoggedIn { every_ms, looks } => {
                *every_ms = asked(*every_ms);
                *looks = asked((*looks).into()) as u32;
            }
            Behaviour::StealCodes { after_ms } => after_ms.iter_mut().for_each(|ms| *ms = asked(*ms)),
            Behaviour::Guess {
                guesses: count,
                every_ms,
                ..
            }
            | Behaviour::Flood {
                sends: count, every_ms, ..
            } => {
                *every_ms = asked(*every_ms);
                *count = asked((*count).into()) as u32;
            }
            Behaviour::PeekAtMail { after_ms, .. } => *after_ms = asked(*after_ms),
            Behaviour::LogIn
            | Behaviour::RaceCode
            | Behaviour::BurnCode
            | Behaviour::LogInAt { .. }
            | Behaviour::CheckReplication => {}
        }
    }
    for fault in &mut plan.faults {
        if let Some(aim) = &mut fault.after {
            aim.nth = asked(aim.nth.into()) as u32;
            aim.offset_ms = asked(aim.offset_ms);
        }
        match &mut fault.fault {
            Fault::Loss { percent, .. } => *percent = asked((*percent).into()) as u8,
            Fault::Latency { added_ms, .. } => *added_ms = asked(*added_ms),
            Fault::LatencySpike { added_ms, lasts_ms, .. } => {
                *added_ms = asked(*added_ms);
                *lasts_ms = asked(*lasts_ms);
            }
            Fault::ClockOffset { offset_ms: by_ms, .. } | Fault::ClockJump { by_ms, .. } => {
                *by_ms = by_ms.signum() * asked(by_ms.unsigned_abs()) as i64;
            }
            Fault::Mail {
                manner: Manner::Slow { by_ms },
            }
            | Fault::Analytics {
                manner: Manner::Slow { by_ms },
            } => *by_ms = asked(*by_ms),
            Fault::DirectoryBusy { lasts_ms } | Fault::DirectoryIoError { lasts_ms, .. } => {
                *lasts_ms = asked(*lasts_ms);
            }
            Fault::DirectorySlow { by_ms, lasts_ms, .. } => {
                *by_ms = asked(*by_ms);
                *lasts_ms = asked(*lasts_ms);
            }
            _ => {}
        }
    }
}
