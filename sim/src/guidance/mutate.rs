//! Mutations of plans that showed new behaviour.

use crate::{
    fault::{Fault, TimedFault},
    nemesis,
    plan::{
        Plan,
        options::{self, Path},
    },
    scenario::{Dice, at_its_call, draw_trigger},
    service::{Service, WorldOptions},
    trigger::Trigger,
};

/// The largest number of faults in a plan: if something is always broken, no operation gets far.
const FAULTS_MAX: usize = 16;

/// The earliest time of a fault, milliseconds: before it, hosts boot.
const FIRST_MS: u64 = 1000;

/// The plan of a seed that mutates: one of the kept plans, more likely a new one, with one to three changes. `draw`
/// draws new plans, from which parts are taken. Random streams are keyed by label.
pub(super) fn mutated<S: Service>(corpus: &[Plan<S>], seed: u64, draw: impl Fn(u64) -> Plan<S>) -> Plan<S> {
    let mut dice = Dice::of(seed, "guidance/mutate");
    let mut parent = || {
        let places = [(); 2].map(|()| dice.between(0, corpus.len() as u64 - 1) as usize);
        corpus[places[0].max(places[1])].clone()
    };
    let (mut plan, other) = (parent(), parent());
    let fresh = draw(dice.between(0, u64::MAX - 1));
    if dice.chance(50) {
        plan.seed = seed; // otherwise the seed decides as before, except for the changed parts
    }
    for _ in 0..dice.between(1, 3) {
        let child = changed(&plan, &other, &fresh, &mut dice);
        if nemesis::check(&child).is_ok() {
            plan = child;
        }
    }
    plan
}

/// Makes one change. The heal keeps its time, because recovery is measured from it.
fn changed<S: Service>(plan: &Plan<S>, other: &Plan<S>, fresh: &Plan<S>, dice: &mut Dice) -> Plan<S> {
    let mut child = plan.clone();
    let healed_ms = plan.healed_at_ms().unwrap_or(plan.lasts_ms);
    let (heals, faults) = child.faults.drain(..).partition(|timed| timed.fault == Fault::Heal);
    child.faults = faults;
    let at = |dice: &mut Dice| dice.between(FIRST_MS, healed_ms.saturating_sub(1).max(FIRST_MS));
    let begins = beginnings(&child.faults);
    match dice.between(0, 8) {
        0 => child.world = with_one_setting_of(&child.world, &fresh.world, dice),
        1 => child.operations = dice.pick(&[other, fresh]).operations.clone(),
        2 => child.faults = spliced(&child.faults, &other.faults, at(dice)),
        kind if kind == 3 || begins.is_empty() => {
            let from = &dice.pick(&[other, fresh]).faults;
            let theirs = beginnings(from);
            if !theirs.is_empty() {
                let added = with_its_end(from, dice.pick(&theirs));
                child.faults.extend(added.into_iter().cloned());
            }
        }
        kind => {
            let place = dice.pick(&begins);
            match kind {
                4 => remove(&mut child.faults, place),
                5 => shift(&mut child.faults[place], dice),
                6 => repeat(&mut child.faults, place, at(dice)),
                _ => {
                    let trigger = match &child.faults[place].fault {
                        Fault::Call(call) => Some(at_its_call(call, dice)),
                        _ => draw_trigger(dice, &S::world(&child.world)),
                    };
                    if let Some(trigger) = trigger {
                        let earlier_ms = dice.pick(&[0, 2000, 20_000]);
                        inject_by(trigger, &mut child.faults, place, earlier_ms);
                    }
                }
            }
        }
    }
    child.faults.truncate(FAULTS_MAX);
    child.faults.retain(|timed| timed.at_ms < healed_ms);
    child.faults.extend::<Vec<_>>(heals);
    child.faults.sort_by_key(|timed| timed.at_ms);
    child
}

/// The positions of the faults that break something.
fn beginnings<S: Service>(faults: &[TimedFault<S>]) -> Vec<usize> {
    let places = 0..faults.len();
    places.filter(|place| !faults[*place].fault.repairs()).collect()
}

/// Removes a fault and its end.
fn remove<S: Service>(faults: &mut Vec<TimedFault<S>>, place: usize) {
    let unwanted: Vec<TimedFault<S>> = with_its_end(faults, place).into_iter().cloned().collect();
    faults.retain(|timed| !unwanted.contains(timed));
}

/// Moves a fault; its end keeps its time.
fn shift<S: Service>(timed: &mut TimedFault<S>, dice: &mut Dice) {
    let near_ms = dice.pick(&[20, 200, 2000, 10_000]);
    let to_ms = (timed.at_ms + dice.between(0, 2 * near_ms)).saturating_sub(near_ms);
    timed.at_ms = to_ms.max(FIRST_MS);
}

/// Injects a fault a second time, at this time and for the same duration.
fn repeat<S: Service>(faults: &mut Vec<TimedFault<S>>, place: usize, at_ms: u64) {
    let first_ms = faults[place].at_ms;
    let again = with_its_end(faults, place).into_iter().map(|timed| TimedFault {
        at_ms: at_ms + timed.at_ms.saturating_sub(first_ms),
        ..timed.clone()
    });
    let again: Vec<TimedFault<S>> = again.collect();
    faults.extend(again);
}

/// Gives a fault a trigger, which counts from some time before the fault on. The fault's end keeps its distance.
fn inject_by<S: Service>(trigger: Trigger, faults: &mut [TimedFault<S>], place: usize, earlier_ms: u64) {
    let fault = faults[place].clone();
    let end = with_its_end(faults, place).get(1).map(|end| (*end).clone());
    let from_ms = fault.at_ms.saturating_sub(earlier_ms).max(FIRST_MS);
    for timed in faults {
        if *timed == fault || Some(&*timed) == end.as_ref() {
            let later_ms = timed.at_ms.saturating_sub(fault.at_ms);
            timed.at_ms = from_ms;
            timed.after = Some(Trigger {
                offset_ms: trigger.offset_ms + later_ms,
                ..trigger.clone()
            });
        }
    }
}

/// A fault, with the fault that ends it, if there is one.
fn with_its_end<S: Service>(faults: &[TimedFault<S>], place: usize) -> Vec<&TimedFault<S>> {
    let fault = &faults[place];
    let offset_ms = |timed: &TimedFault<S>| timed.after.as_ref().map_or(0, |trigger| trigger.offset_ms);
    let end = faults.iter().find(|other| {
        let is_later = (other.at_ms, offset_ms(other)) > (fault.at_ms, offset_ms(fault));
        is_later && other.after.is_some() == fault.after.is_some() && fault.fault.is_ended_by(&other.fault)
    });
    std::iter::once(fault).chain(end).collect()
}

/// The faults of one plan before a time, and those of the other one after it.
fn spliced<S: Service>(before: &[TimedFault<S>], after: &[TimedFault<S>], at_ms: u64) -> Vec<TimedFault<S>> {
    let before = before.iter().filter(|timed| timed.at_ms < at_ms);
    let after = after
        .iter()
        .filter(|timed| timed.at_ms >= at_ms && timed.fault != Fault::Heal);
    before.chain(after).cloned().collect()
}

/// The world with one setting (and those that have to change together with it) as in the other world.
fn with_one_setting_of<W: WorldOptions>(world: &W, other: &W, dice: &mut Dice) -> W {
    let differences = options::differences(world, other).into_iter();
    let paths: Vec<Path> = differences.map(|difference| difference.path).collect();
    if paths.is_empty() {
        return world.clone();
    }
    let path = dice.pick(&paths);
    let groups = options::groups(&paths, &path).into_iter();
    let mut changed = groups.filter_map(|group| options::with_settings_of(world, other, group));
    let exists = changed.find(|changed| changed.check().is_ok());
    exists.unwrap_or_else(|| world.clone())
}
