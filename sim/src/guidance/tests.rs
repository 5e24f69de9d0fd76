use super::*;
use crate::{
    calls::{CallFault, CallOutcome, Moment},
    fault::{Fault, TimedFault},
    history::{Event, Record},
    nemesis,
    plan::Operation,
    run::{Setup, perform},
    scenario::{Dice, at_its_call, kill, loss, pause, resume, start},
    testing::{Does, Opening, Shop, ShopWorld, Ticket, Trouble},
};

/// A scenario that draws everything at random.
fn anything() -> Scenario<Shop> {
    let draw = |seed, plan: &mut Plan<Shop>| {
        let mut dice = Dice::of(seed, "anything");
        plan.world = ShopWorld {
            latency_ms_max: dice.between(1, 30),
            quorum: dice.between(1, 3) as usize,
            opening: vec![Opening {
                row: "a".into(),
                due_ms: dice.between(0, 40_000),
            }],
        };
        plan.operations = (0..dice.between(1, 5))
            .map(|n| Operation {
                at_ms: dice.between(0, 20_000),
                who: format!("p-{n}"),
                does: Does::Shop,
            })
            .collect();
        for _ in 0..dice.between(1, 4) {
            let (from_ms, lasts_ms) = (dice.between(1000, 30_000), dice.between(1, 9000));
            let (fault, end) = dice.pick(&[
                (kill("redis-1"), start("redis-1")),
                (pause("shop-1"), resume("shop-1")),
                (loss("shop-1", "redis-1", 20), loss("redis-1", "shop-1", 0)),
                (
                    Fault::Own(Trouble::Printer { jams: true }),
                    Fault::Own(Trouble::Printer { jams: false }),
                ),
            ]);
            plan.faults.push(TimedFault::at(from_ms, fault));
            plan.faults.push(TimedFault::at(from_ms + lasts_ms, end));
        }
        plan.faults.push(TimedFault::at(45_000, Fault::Heal));
    };
    Scenario::new("anything", "anything at all")
        .drawn(draw)
        .drawn_plainly(draw)
}

/// The plans of three generations in which every run shows new behaviour, if runs end in this order.
fn planned(order: impl Fn(&mut Vec<u64>)) -> Vec<Plan<Shop>> {
    let scenario = anything();
    let draw = |seed| scenario.plan(seed);
    let (mut guide, mut plans) = (Guide::new(100, true), vec![]);
    for generation in 0..3 {
        let from = 100 + generation * GENERATION;
        let mut begun = vec![];
        for seed in from..from + GENERATION {
            assert!(guide.begin(seed));
            begun.push((seed, guide.plan(&scenario, seed, draw)));
        }
        assert!(!guide.begin(from + GENERATION), "runs have not ended");
        let mut ended: Vec<u64> = (from..from + GENERATION).collect();
        order(&mut ended);
        for seed in ended {
            let (_, (plan, _)) = begun.iter().find(|(other, _)| *other == seed).unwrap();
            guide.learn("anything", seed, plan, vec![seed as u32], false);
        }
        plans.extend(begun.into_iter().map(|(_, (plan, _))| plan));
    }
    plans
}

#[test]
fn mutations_do_not_depend_on_the_order_in_which_runs_end() {
    let plans = planned(|_| ());
    assert_eq!(plans, planned(|seeds| seeds.reverse()));
    let is_drawn = |(n, plan): (usize, &Plan<Shop>)| *plan == anything().plan(100 + n as u64);
    let drawn: Vec<bool> = plans.iter().enumerate().map(is_drawn).collect();
    assert!(drawn[..16].iter().all(|drawn| *drawn), "nothing to mutate yet");
    assert_eq!(
        drawn[16..].iter().filter(|drawn| **drawn).count(),
        16,
        "every second one"
    );
}

#[test]
fn mutations_can_be_performed_and_heal_when_their_parents_did() {
    let scenario = anything();
    let draw = |seed| scenario.plan(seed);
    let mut corpus: Vec<Plan<Shop>> = (1..20).map(draw).collect();
    let healed = corpus[0].healed_at_ms();
    let (mut triggered, mut other_worlds) = (0, 0);
    for seed in 0..600 {
        let plan = mutated(&corpus, seed, draw);
        nemesis::check(&plan).unwrap_or_else(|error| panic!("seed {seed}: {error}\n{}", plan.to_text()));
        assert_eq!(plan, mutated(&corpus, seed, draw), "seed {seed}");
        assert_eq!(plan.healed_at_ms(), healed, "seed {seed}");
        let last = plan.faults.last().map(|timed| &timed.fault);
        assert_eq!(last, Some(&Fault::Heal), "seed {seed}");
        triggered += usize::from(plan.faults.iter().any(|timed| timed.after.is_some()));
        other_worlds += usize::from(corpus.iter().all(|other| other.world != plan.world));
        corpus.push(plan);
    }
    assert!(triggered > 50, "{triggered} have a trigger");
    assert!(other_worlds > 20, "{other_worlds} have a world of their own");
}

#[test]
fn quiet_is_counted_over_whole_generations() {
    let plan = anything().plan(1);
    let mut guide = Guide::new(0, false);
    for seed in 0..3 * GENERATION {
        assert!(guide.begin(seed));
        guide.learn("anything", seed, &plan, vec![(seed / 20) as u32], false);
    }
    assert!(guide.begin(3 * GENERATION));
    assert_eq!(guide.quiet(), 3 * GENERATION - 1 - 40, "the last new one was seed 40");
}

#[test]
fn what_must_not_be_seen_is_a_turn_of_the_run_and_routine_is_none() {
    let plan = Plan::<Shop>::new("test", 1, 2_000);
    let run = perform(&plan, &Setup::default()).expect("it runs");
    let before = signature(&run);
    assert_eq!(signature(&perform(&plan, &Setup::default()).expect("it runs")), before);
    let with = |ticket: Ticket| {
        let mut run = run.clone();
        run.history.records.push(Record {
            at_ms: 1_500,
            who: "printer".into(),
            event: Event::Own(ticket),
        });
        signature(&run)
    };
    assert_eq!(with(Ticket::Printed { seat: 1 }), before);
    assert_ne!(with(Ticket::Jammed), before);
}

/// A fault that waited for its call would strike at a time that nobody knows.
#[test]
fn a_fault_of_a_call_is_always_injected_at_that_call() {
    let scenario = anything();
    let draw = |seed| {
        let mut plan = scenario.plan(seed);
        let call = CallFault {
            host: "shop-1".into(),
            call: Shop::CALLS[0].name.into(),
            outcome: CallOutcome::Late,
            error: String::new(),
            by_ms: 70,
        };
        let mut dice = Dice::of(seed, "call");
        let after = Some(at_its_call(&call, &mut dice));
        let fault = Fault::Call(call);
        plan.faults.insert(
            0,
            TimedFault {
                at_ms: 2_000,
                after,
                fault,
            },
        );
        plan
    };
    let mut corpus: Vec<Plan<Shop>> = (1..20).map(draw).collect();
    let mut others = 0;
    for seed in 0..400 {
        let plan = mutated(&corpus, seed, draw);
        for timed in &plan.faults {
            let Fault::Call(call) = &timed.fault else { continue };
            let trigger = timed.after.as_ref().expect("it waits for its call");
            let its = Moment::Before.event(&call.host, &call.call);
            assert_eq!((&trigger.event, trigger.offset_ms), (&its, 0), "seed {seed}");
            others += usize::from(trigger.nth > 1);
        }
        corpus.push(plan);
    }
    assert!(others > 20, "{others} wait for a later call");
}
