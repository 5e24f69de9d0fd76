//! A plan from plans that reached something new.

use crate::scenario::Dice;
use sim::{
    aim::{Aim, Cue},
    fault::{Fault, TimedFault},
    plan::{Plan, WorldOptions},
};

/// A plan has no more faults than this: one that is ever in trouble gets nowhere.
const FAULTS_MAX: usize = 16;

/// Nothing strikes before this time, milliseconds: everybody boots.
const FIRST_MS: u64 = 1000;

/// What faults are aimed at: the moments at which something is in flight that must not be lost, doubled or
/// believed. These come in every run,
const USUAL: [&str; 15] = [
    "redeem begins",
    "redeem begins",
    "redeem ends",
    "verify-code begins",
    "verify-code succeeds",
    "send-code begins",
    "code stored",
    "code taken",
    "email code stored",
    "email code taken",
    "flow stored",
    "attempt counted",
    "lease renewed",
    "lease renewed",
    "code mailed",
];

/// and these where something has gone wrong already, or somebody special is there.
const RARE: [&str; 11] = [
    "redeem in doubt",
    "visit begins",
    "lease granted",
    "mark: leader elected",
    "mark: lease lost",
    "mark: store outcome unknown",
    "sentinel says +odown",
    "sentinel says +elected-leader",
    "redis-2 becomes master",
    "redis-1 becomes replica",
    "reminder mailed",
];

/// Draws an aim: near the moment itself more often than far from it.
pub(crate) fn aim(dice: &mut Dice) -> Aim {
    let name = if dice.chance(75) {
        dice.pick(&USUAL)
    } else {
        dice.pick(&RARE)
    };
    let event = Cue::named(name).expect("the lists are of known events");
    let nth = dice.pick(&[1, 1, 1, 2, 3, 6]);
    let offset_ms = dice.pick(&[0, 0, 1, 2, 4, 10, 40, 200, 1000]);
    Aim { event, nth, offset_ms }
}

/// The plan of a seed that breeds: of one of the kept plans, the newer ones more often, with one to three
/// changes. `draw` gives fresh plans, to take parts from. Streams are keyed by label, as everywhere.
pub(super) fn bred(kept: &[Plan], seed: u64, draw: impl Fn(u64) -> Plan) -> Plan {
    let mut dice = Dice::of(seed, "guide/breed");
    let mut parent = || {
        let places = [(); 2].map(|()| dice.between(0, kept.len() as u64 - 1) as usize);
        kept[places[0].max(places[1])].clone()
    };
    let (mut plan, other) = (parent(), parent());
    let fresh = draw(dice.between(0, u64::MAX - 1));
    if dice.chance(50) {
        plan.seed = seed; // or else the same chances as before, around what is changed
    }
    for _ in 0..dice.between(1, 3) {
        let child = changed(&plan, &other, &fresh, &mut dice);
        if sim::nemesis::check(&child).is_ok() {
            plan = child;
        }
    }
    plan
}

/// One change. What heals and when stays as it is, for what must recover is measured from it.
fn changed(plan: &Plan, other: &Plan, fresh: &Plan, dice: &mut Dice) -> Plan {
    let mut child = plan.clone();
    let healed_ms = plan.healed_at_ms().unwrap_or(plan.lasts_ms);
    let heal: Vec<TimedFault> = plan.faults.iter().filter(|f| f.fault == Fault::Heal).cloned().collect();
    child.faults.retain(|timed| timed.fault != Fault::Heal);
    let at = |dice: &mut Dice| dice.between(FIRST_MS, healed_ms.saturating_sub(1).max(FIRST_MS));
    let strikes: Vec<usize> = (0..child.faults.len())
        .filter(|place| !child.faults[*place].fault.repairs())
        .collect();
    match (dice.between(0, 8), strikes.is_empty()) {
        (0, _) => child.world = with_one_knob_of(&child.world, &fresh.world, dice),
        (1, _) => {
            child.operations = if dice.chance(50) {
                &other.operations
            } else {
                &fresh.operations
            }
            .clone()
        }
        (2, _) => child.faults = spliced(&child.faults, &other.faults, at(dice)),
        (_, true) | (3, _) => {
            let from = if dice.chance(50) { other } else { fresh };
            let theirs: Vec<usize> = (0..from.faults.len())
                .filter(|place| !from.faults[*place].fault.repairs())
                .collect();
            if !theirs.is_empty() {
                let place = dice.pick(&theirs);
                child
                    .faults
                    .extend(with_its_end(&from.faults, place).into_iter().cloned());
            }
        }
        (kind, false) => {
            let place = dice.pick(&strikes);
            let fault = child.faults[place].clone();
            let end = with_its_end(&child.faults, place).get(1).map(|end| (*end).clone());
            let lasted_ms = end.as_ref().map_or(0, |end| end.at_ms.saturating_sub(fault.at_ms));
            match kind {
                4 => {
                    child
                        .faults
                        .retain(|timed| *timed != fault && Some(timed) != end.as_ref());
                }
                5 => {
                    let near = dice.pick(&[20, 200, 2000, 10_000]);
                    let to_ms = (fault.at_ms + dice.between(0, 2 * near)).saturating_sub(near);
                    child.faults[place].at_ms = to_ms.max(FIRST_MS);
                }
                6 => {
                    let moved_ms = at(dice);
                    let again = |timed: &TimedFault, at_ms| TimedFault { at_ms, ..timed.clone() };
                    child.faults.push(again(&fault, moved_ms));
                    child.faults.extend(end.map(|end| again(&end, moved_ms + lasted_ms)));
                }
                _ => {
                    // The event counts from some time before the fault on; the end keeps its distance.
                    let (aim, from_ms) = (aim(dice), fault.at_ms.saturating_sub(dice.pick(&[0, 2000, 20_000])));
                    let from_ms = from_ms.max(FIRST_MS);
                    for timed in child.faults.iter_mut() {
                        let later_ms = match *timed == fault {
                            true => 0,
                            false if Some(&*timed) == end.as_ref() => lasted_ms,
                            false => continue,
                        };
                        let offset_ms = aim.offset_ms + later_ms;
                        timed.at_ms = from_ms;
                        timed.after = Some(Aim {
                            offset_ms,
                            ..aim.clone()
                        });
                    }
                }
            }
        }
    }
    child.faults.truncate(FAULTS_MAX);
    child.faults.retain(|timed| timed.at_ms < healed_ms);
    child.faults.extend(heal);
    child.faults.sort_by_key(|timed| timed.at_ms);
    child
}

/// A fault, and what ends it, if anything does.
fn with_its_end(faults: &[TimedFault], place: usize) -> Vec<&TimedFault> {
    let fault = &faults[place];
    let end = faults.iter().find(|other| {
        let later = (other.at_ms, lasts(other)) > (fault.at_ms, lasts(fault));
        later && other.after.is_some() == fault.after.is_some() && fault.fault.ended_by(&other.fault)
    });
    std::iter::once(fault).chain(end).collect()
}

fn lasts(timed: &TimedFault) -> u64 {
    timed.after.as_ref().map_or(0, |aim| aim.offset_ms)
}

/// What one plan has before a time, and the other one after it.
fn spliced(before: &[TimedFault], after: &[TimedFault], at_ms: u64) -> Vec<TimedFault> {
    let before = before.iter().filter(|timed| timed.at_ms < at_ms);
    let after = after
        .iter()
        .filter(|timed| timed.at_ms >= at_ms && timed.fault != Fault::Heal);
    before.chain(after).cloned().collect()
}

/// The world, with one thing as in the other.
fn with_one_knob_of(world: &WorldOptions, other: &WorldOptions, dice: &mut Dice) -> WorldOptions {
    let (mut changed, other) = (world.clone(), other.clone());
    match dice.between(0, 9) {
        0 => (changed.latency_ms_min, changed.latency_ms_max) = (other.latency_ms_min, other.latency_ms_max),
        1 => {
            changed.replication_ms = other.replication_ms;
            changed.replication_late_ppm = other.replication_late_ppm;
        }
        2 => changed.persistence = other.persistence,
        3 => changed.down_after_ms = other.down_after_ms,
        4 => changed.failover_timeout_ms = other.failover_timeout_ms,
        5 => changed.quorum = other.quorum,
        6 => {
            changed.proxy_connect_timeout_ms = other.proxy_connect_timeout_ms;
            changed.proxy_read_timeout_ms = other.proxy_read_timeout_ms;
            changed.fail_timeout_ms = other.fail_timeout_ms;
            changed.upstream_keepalive = other.upstream_keepalive;
        }
        7 => (changed.code_ttl_s, changed.limit_window_s) = (other.code_ttl_s, other.limit_window_s),
        8 => changed.lease_ms = other.lease_ms,
        _ => changed.reminders = other.reminders,
    }
    changed
}
