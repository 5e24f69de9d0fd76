use super::*;
use crate::{
    nemesis,
    run::{Setup, perform},
    scenario::ms,
    service::Behaviour,
    testing::{Does, Shop, ShopWorld, Trouble},
    world::HostKind,
};
use std::collections::{BTreeMap, BTreeSet};

fn options(dice: &mut Dice) -> ShopWorld {
    ShopWorld {
        latency_ms_max: dice.pick(&[1, 10, 40]),
        quorum: dice.pick(&[1, 2, 3]),
        ..ShopWorld::default()
    }
}

fn shoppers(_: &mut Dice, few: usize) -> Vec<Workload<Shop>> {
    vec![Workload::people(few + 2, Does::Shop).every(ms(300))]
}

fn buyers(dice: &mut Dice, few: usize) -> Vec<Workload<Shop>> {
    let (seats, every_ms) = (dice.between(1, 5) as u32, dice.between(1, 2000));
    vec![Workload::people(few, Does::BuySeats { seats, every_ms })]
}

fn snipers(_: &mut Dice, _: usize) -> Vec<Workload<Shop>> {
    let (victim, after_ms) = ("wendy".to_owned(), vec![100]);
    let snipe = Does::Snipe { victim, after_ms };
    vec![Workload::named("wendy", Does::Shop), Workload::named("sniper", snipe)]
}

fn printer_jams(_: &mut Dice, world: &World<Shop>) -> Vec<(Fault<Shop>, Option<Fault<Shop>>)> {
    assert!(world.has("printer"));
    let printer = |jams| Fault::Own(Trouble::Printer { jams });
    vec![(printer(true), Some(printer(false)))]
}

/// Everybody who was attacked shops again.
fn victims(world: &World<Shop>, planned: &[Operation<Shop>], settled_ms: u64) -> Vec<Operation<Shop>> {
    assert_eq!(world.of_kind(HostKind::Service).len(), 2);
    let victims = planned.iter().flat_map(|operation| operation.does.others());
    let again = victims.map(|victim| Operation {
        at_ms: settled_ms + 9000,
        who: victim.to_owned(),
        does: Does::Shop,
    });
    again.collect()
}

fn swarm() -> Scenario<Shop> {
    let swarm = Swarm::new()
        .options(options)
        .crowd(&[shoppers, buyers, snipers])
        .after_healing(&[shoppers])
        .follow_up(victims)
        .faults(&[printer_jams])
        .heals_at(secs(30))
        .settles_within(secs(20));
    Scenario::new("swarm", "everything at random").swarm(swarm)
}

fn plans() -> impl Iterator<Item = (u64, Plan<Shop>)> {
    (0..200).flat_map(|seed| [(seed, swarm().plan(seed)), (seed, swarm().plain_plan(seed))])
}

#[test]
fn every_plan_can_be_performed_and_is_a_function_of_its_seed() {
    assert_eq!(plans().collect::<Vec<_>>(), plans().collect::<Vec<_>>());
    for (seed, plan) in plans() {
        nemesis::check(&plan).unwrap_or_else(|error| panic!("seed {seed}: {error}\n{}", plan.to_text()));
    }
    let distinct: BTreeSet<String> = plans().map(|(_, plan)| plan.to_text()).collect();
    assert_eq!(distinct.len(), 400);
}

#[test]
fn nothing_breaks_after_everything_heals_and_somebody_is_there_then() {
    for (seed, plan) in plans() {
        assert_eq!(
            (plan.healed_at_ms(), plan.lasts_ms),
            (Some(30_000), 90_000),
            "seed {seed}"
        );
        let last = plan.faults.last().expect("the heal");
        assert_eq!(last.fault, Fault::Heal, "seed {seed}");
        let early = plan.operations.iter().filter(|operation| operation.at_ms < 30_000);
        assert!(early.count() > 0, "seed {seed}");
        let settled = plan.operations.iter().filter(|operation| operation.at_ms >= 50_000);
        assert!(settled.count() >= 3, "seed {seed}");
    }
}

/// The kinds of faults and behaviours in a plan.
fn kinds(plan: &Plan<Shop>) -> BTreeSet<String> {
    let troubles = plan.faults.iter().filter(|timed| !timed.fault.repairs());
    let faults = troubles.map(|timed| timed.fault.kind());
    faults
        .chain(plan.operations.iter().map(|operation| operation.does.kind()))
        .collect()
}

#[test]
fn each_run_leaves_most_kinds_out_and_a_sweep_has_all_of_them() {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for seed in 0..200 {
        let kinds = kinds(&swarm().plan(seed));
        assert!(kinds.len() <= 4 + 1 + 3, "seed {seed}: {kinds:?}");
        for kind in kinds {
            *counts.entry(kind).or_default() += 1;
        }
    }
    let all = [
        "kill",
        "power-loss",
        "stop",
        "pause",
        "clock-offset",
        "cut",
        "cut-one-way",
        "loss",
        "latency",
        "latency-spike",
        "disk-error",
        "disk-slow",
        "no-descriptors",
        "redis-refuses",
        "sentinel-refuses",
        "printer",
        "shop",
        "buy-seats",
        "snipe",
    ];
    for kind in all {
        let count = counts.get(kind).copied().unwrap_or(0);
        assert!(count >= 5, "{kind} in {count} of 200 plans: {counts:?}");
    }
    assert!((0..200).all(|seed| kinds(&swarm().plain_plan(seed)).is_superset(&BTreeSet::from(["snipe".to_owned()]))));
}

#[test]
fn every_pair_of_orders_is_drawn_and_the_plain_version_has_the_defaults() {
    let orders = |plan: &Plan<Shop>| format!("{:?} {:?}", plan.order, plan.arrival_order);
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for seed in 0..200 {
        *counts.entry(orders(&swarm().plan(seed))).or_default() += 1;
        assert_eq!(orders(&swarm().plain_plan(seed)), "FirstCome AsSent");
    }
    assert_eq!(counts.len(), 3 * 2, "{counts:?}");
    assert!(counts.values().all(|count| *count >= 5), "{counts:?}");
}

#[test]
fn some_faults_wait_for_a_trigger_and_a_fault_and_its_end_for_the_same() {
    let (mut triggered, mut timed) = (0, 0);
    for seed in 0..200 {
        let plan = swarm().plan(seed);
        for fault in &plan.faults {
            *(if fault.after.is_some() {
                &mut triggered
            } else {
                &mut timed
            }) += 1;
        }
        for end in plan.faults.iter().filter(|timed| timed.fault.repairs()) {
            let Some(after) = &end.after else { continue };
            let begins = plan.faults.iter().find(|begin| {
                let same = begin
                    .after
                    .as_ref()
                    .is_some_and(|other| other.event == after.event && other.nth == after.nth);
                same && begin.at_ms == end.at_ms && begin.fault.is_ended_by(&end.fault)
            });
            assert!(begins.is_some(), "seed {seed}: {end:?}");
        }
    }
    assert!(
        triggered > 100 && timed > 300,
        "{triggered} wait for a trigger, {timed} do not"
    );
}

#[test]
fn a_world_without_hosts_and_people_has_a_plan_of_its_own_faults_only() {
    let swarm: Swarm<Shop> = Swarm::new();
    let world = World::new();
    let mut dice = Dice::of(1, "nothing");
    let faults = swarm.some_faults(&world, &mut dice);
    assert_eq!(faults, [crate::fault::TimedFault::at(45_000, Fault::Heal)]);
    assert_eq!(swarm.some_people(&world, &mut dice), []);
}

#[test]
fn its_runs_run() {
    for seed in [1, 2] {
        let plan = swarm().plan(seed);
        let run = perform(&plan, &Setup::default()).expect("it runs");
        let again = perform(&plan, &Setup::default()).expect("it runs");
        assert_eq!(run.fingerprint, again.fingerprint);
        assert!(!run.history.records.is_empty());
    }
}
