//! Tests with a judge that needs no simulation: a function from plans to violations.

mod random;

use super::*;
use crate::{
    engine::{ArrivalOrder, Order},
    fault::{Fault, TimedFault},
    nemesis,
    plan::{Operation, Plan},
    testing::{Does, Opening, Shop, ShopWorld, Trouble},
    trigger::Trigger,
};
use std::convert::Infallible;

fn kill(host: &str) -> Fault<Shop> {
    Fault::Kill { host: host.into() }
}

fn start(host: &str) -> Fault<Shop> {
    Fault::Start { host: host.into() }
}

fn printer(jams: bool) -> Fault<Shop> {
    Fault::Own(Trouble::Printer { jams })
}

fn operation(at_ms: u64, who: &str, does: Does) -> Operation<Shop> {
    Operation {
        at_ms,
        who: who.into(),
        does,
    }
}

fn opening(row: &str, due_ms: u64) -> Opening {
    Opening {
        row: row.into(),
        due_ms,
    }
}

/// A plan with twelve operations of six people, four faults with their ends, a heal, an entry of the world, and other
/// settings.
fn large() -> Plan<Shop> {
    let people = ["ann", "ben", "cleo", "dan", "eve", "finn"];
    let mut operations: Vec<Operation<Shop>> = (0..12)
        .map(|n| operation(1_013 + 1_777 * n, people[n as usize % 6], Does::Shop))
        .collect();
    operations[4].does = Does::BuySeats {
        seats: 6,
        every_ms: 345,
    };
    Plan {
        seed: 7,
        world: ShopWorld {
            latency_ms_max: 25,
            quorum: 3,
            opening: vec![opening("a", 9_009)],
        },
        operations,
        faults: vec![
            TimedFault::at(2_345, printer(true)),
            TimedFault::at(7_001, kill("redis-1")),
            TimedFault::at(9_123, kill("shop-1")),
            TimedFault::at(12_345, start("redis-1")),
            TimedFault::at(13_000, printer(false)),
            TimedFault::at(14_111, start("shop-1")),
            TimedFault::at(20_222, kill("shop-2")),
            TimedFault::at(45_000, Fault::Heal),
        ],
        ..Plan::new("test", 7, 91_234)
    }
}

fn violation(property: &str, reason: &str, at_ms: u64) -> Violation {
    Violation {
        property: property.into(),
        reason: reason.into(),
        what: format!("certain at {at_ms}"),
        at_ms,
        evidence: vec![],
    }
}

/// A judge with two bugs. The property fails if redis-1 is killed before somebody buys several seats. The same property
/// fails for another reason if shop-1 is killed while anybody is there.
fn two_bugs(plan: &Plan<Shop>) -> Vec<Violation> {
    let killed_ms = |host: &str| {
        let killed = kill(host);
        let killed = plan.faults.iter().find(|timed| timed.fault == killed);
        killed.map(|timed| timed.at_ms)
    };
    let several = |operation: &&Operation<Shop>| matches!(operation.does, Does::BuySeats { seats, .. } if seats >= 2);
    let mut violations = vec![];
    if let (Some(at_ms), false) = (killed_ms("shop-1"), plan.operations.is_empty()) {
        violations.push(violation("P", "any", at_ms));
    }
    if let (Some(at_ms), Some(who)) = (killed_ms("redis-1"), plan.operations.iter().find(several))
        && who.at_ms > at_ms
    {
        violations.push(violation("P", "several", who.at_ms + 500));
    }
    violations
}

fn reason(reason: &str) -> Reason {
    Reason {
        property: "P".into(),
        reason: reason.into(),
    }
}

fn verdict(violations: Vec<Violation>) -> Verdict {
    Verdict {
        witnesses: vec![BTreeSet::new(); violations.len()],
        violations,
        triggered: BTreeMap::new(),
    }
}

fn made_small(plan: &Plan<Shop>, reason: &Reason, runs_max: u64) -> (Shrunk<Shop>, Vec<Plan<Shop>>) {
    let mut steps = vec![];
    let judge = |plan: &Plan<Shop>| {
        nemesis::check(plan).unwrap_or_else(|error| panic!("{error}\n{}", plan.to_text()));
        Ok::<_, Infallible>(verdict(two_bugs(plan)))
    };
    let shrunk = shrink(plan, reason, runs_max, judge, |step| {
        if step.smaller {
            steps.push(step.plan.clone());
        }
        ControlFlow::Continue(())
    });
    (shrunk.expect("it fails"), steps)
}

#[test]
fn reaches_what_the_bug_needs_and_nothing_else() {
    let (shrunk, _) = made_small(&large(), &reason("several"), 1000);
    let plan = &shrunk.plan;
    let several = Does::BuySeats { seats: 2, every_ms: 1 };
    assert_eq!(plan.operations, [operation(1000, "eve", several)]);
    assert_eq!(plan.faults, [TimedFault::at(0, kill("redis-1"))]);
    assert_eq!(plan.world, ShopWorld::default());
    assert_eq!(plan.lasts_ms, 1000);
    assert!(shrunk.finished, "{shrunk:?}");
    let before = "6 people, 12 operations, 4 faults, 4 repairs, 1 world entry, 91.234 s";
    assert_eq!(shrunk.before.to_string(), before);
    assert_eq!(
        shrunk.after.to_string(),
        "1 person, 1 operation, 1 fault, 0 repairs, 1.000 s"
    );
}

/// The orders that a plan with other orders than the defaults has after its first smaller step, and at the end.
fn orders_of_shrinking(needs: impl Fn(&Plan<Shop>) -> bool) -> [(Order, ArrivalOrder); 2] {
    let plan = Plan {
        order: Order::Priorities,
        arrival_order: ArrivalOrder::Shuffled,
        ..large()
    };
    let judge = |plan: &Plan<Shop>| Ok::<_, Infallible>(verdict(if needs(plan) { two_bugs(plan) } else { vec![] }));
    let mut first = None;
    let shrunk = shrink(&plan, &reason("several"), 1000, judge, |step| {
        if step.smaller {
            first.get_or_insert((step.plan.order, step.plan.arrival_order));
        }
        ControlFlow::Continue(())
    });
    let plan = shrunk.expect("it fails").plan;
    [first.expect("a smaller plan fails"), (plan.order, plan.arrival_order)]
}

#[test]
fn orders_that_the_failure_does_not_need_are_removed_first() {
    let (both, neither) = (
        (Order::Priorities, ArrivalOrder::Shuffled),
        (Order::FirstCome, ArrivalOrder::AsSent),
    );
    assert_eq!(orders_of_shrinking(|_| true), [neither; 2]);
    let tasks = (both.0, neither.1);
    assert_eq!(orders_of_shrinking(|plan| plan.order == both.0), [tasks; 2]);
    let arrivals = (neither.0, both.1);
    assert_eq!(orders_of_shrinking(|plan| plan.arrival_order == both.1), [arrivals; 2]);
    let kept = orders_of_shrinking(|plan| (plan.order, plan.arrival_order) == both);
    assert_eq!(kept, [both; 2]);
}

#[test]
fn never_drifts_to_the_other_bug() {
    for (wanted, other) in [("several", "any"), ("any", "several")] {
        let (shrunk, steps) = made_small(&large(), &reason(wanted), 1000);
        for step in &steps {
            assert!(reason(wanted).found_in(&two_bugs(step)).is_some(), "{}", step.to_text());
        }
        assert_eq!(reason(other).found_in(&two_bugs(&shrunk.plan)), None);
        assert_eq!(Reason::of(&shrunk.violation), reason(wanted));
    }
}

#[test]
fn shrinking_twice_gives_the_same_and_a_small_plan_stays() {
    let (first, steps) = made_small(&large(), &reason("several"), 1000);
    assert_eq!(made_small(&large(), &reason("several"), 1000), (first.clone(), steps));
    let (again, steps) = made_small(&first.plan, &reason("several"), 1000);
    assert_eq!((again.plan, steps.len()), (first.plan, 0));
}

#[test]
fn a_budget_is_kept_and_its_result_fails_too() {
    for runs_max in 1..30 {
        let (shrunk, steps) = made_small(&large(), &reason("several"), runs_max);
        assert!(shrunk.runs <= runs_max);
        assert_eq!(shrunk.taken, steps.len() as u64);
        assert!(reason("several").found_in(&two_bugs(&shrunk.plan)).is_some());
    }
}

#[test]
fn a_plan_that_does_not_fail_is_refused() {
    let judge = |plan: &Plan<Shop>| Ok::<_, Infallible>(verdict(two_bugs(plan)));
    let refused = shrink(&large(), &reason("nothing"), 100, judge, |_| ControlFlow::Continue(()));
    let error = refused.expect_err("it fails for other reasons").to_string();
    assert!(error.contains("P (nothing)") && error.contains("P (any)"), "{error}");
}

#[test]
fn one_bug_is_one_group() {
    let mut other = large();
    other.operations.rotate_left(1);
    other.operations[0].who = "zoe".into();
    let shape = |plan: &Plan<Shop>, of: &str| Shape::of(&made_small(plan, &reason(of), 1000).0.plan);
    let failures = [
        (reason("several"), shape(&large(), "several"), 1),
        (reason("any"), shape(&large(), "any"), 2),
        (reason("several"), shape(&other, "several"), 3),
    ];
    let groups = group(failures);
    assert_eq!(groups.len(), 2);
    assert_eq!(groups[0].members, [1, 3]);
    assert_eq!(groups[0].shape.to_string(), "buy-seats, kill redis");
    let large = Shape::of(&large()).to_string();
    let begin = "buy-seats, shop, world.opening, printer, kill redis, kill shop, start redis";
    assert!(large.starts_with(begin), "{large}");
}

/// Shrinks a plan with a judge that says of each plan whether it fails.
fn shrunk_while(plan: Plan<Shop>, fails: impl Fn(&Plan<Shop>) -> bool) -> Plan<Shop> {
    let judge = |plan: &Plan<Shop>| {
        let violation = fails(plan).then(|| violation("P", "claim", plan.lasts_ms / 2));
        Ok::<_, Infallible>(verdict(Vec::from_iter(violation)))
    };
    let shrunk = shrink(&plan, &reason("claim"), 1000, judge, |_| ControlFlow::Continue(()));
    shrunk.expect("it fails").plan
}

#[test]
fn entries_of_the_world_are_taken_out_one_by_one_and_their_times_get_rounder() {
    let mut plan = large();
    plan.world.opening = vec![opening("a", 9_009), opening("b", 12_345), opening("c", 12_345)];
    let small = shrunk_while(plan, |plan| plan.world.opening.iter().any(|opening| opening.row == "b"));
    assert_eq!(small.world.opening, [opening("b", 0)]);
    assert_eq!((small.operations, small.faults), (vec![], vec![]));
}

#[test]
fn numbers_keep_their_sign_and_arrays_lose_elements() {
    let mut plan = large();
    let snipe = |after_ms: &[u64]| Does::Snipe {
        victim: "ann".into(),
        after_ms: after_ms.to_vec(),
    };
    plan.operations.push(operation(30_000, "sid", snipe(&[70, 800, 9_000])));
    let clock = |by_ms| Fault::ClockJump {
        host: "redis-1".into(),
        by_ms,
    };
    plan.faults.push(TimedFault::at(50_000, clock(-9_876)));
    let small = shrunk_while(plan, |plan| {
        let snipes = |does: &Does| matches!(does, Does::Snipe { after_ms, .. } if after_ms.iter().any(|ms| *ms > 500));
        let jumps = |fault: &Fault<Shop>| matches!(fault, Fault::ClockJump { by_ms, .. } if *by_ms < -40);
        plan.operations.iter().any(|operation| snipes(&operation.does))
            && plan.faults.iter().any(|timed| jumps(&timed.fault))
    });
    let (sniper, jump) = (&small.operations[..], &small.faults[..]);
    assert!(
        matches!(sniper, [sniper] if sniper.does == snipe(&[600]) || sniper.does == snipe(&[1000])),
        "{sniper:?}"
    );
    assert!(matches!(jump, [jump] if jump.fault == clock(-50)), "{jump:?}");
}

/// A plan that fails if redis-1 is killed; with `only_triggered`, only if a trigger kills it.
fn small_kill(only_triggered: bool) -> TimedFault<Shop> {
    let trigger = Trigger {
        nth: 3,
        offset_ms: 7,
        ..Trigger::at("seat stored")
    };
    let plan = Plan {
        faults: vec![TimedFault {
            at_ms: 2_345,
            fault: kill("redis-1"),
            after: Some(trigger),
        }],
        ..large()
    };
    let judge = |plan: &Plan<Shop>| {
        let killed = plan.faults.iter().find(|timed| timed.fault == kill("redis-1"));
        let fails = killed.is_some_and(|timed| !only_triggered || timed.after.is_some());
        let faults = plan.faults.iter().enumerate();
        let triggered = faults.filter(|(_, timed)| timed.after.is_some());
        Ok::<_, Infallible>(Verdict {
            triggered: triggered.map(|(place, _)| (place, Some(19_500))).collect(),
            ..verdict(Vec::from_iter(fails.then(|| violation("P", "killed", 20_000))))
        })
    };
    let reason = reason("killed");
    let shrunk = shrink(&plan, &reason, 1000, judge, |_| ControlFlow::Continue(())).expect("it fails");
    assert_eq!(shrunk.plan.faults.len(), 1);
    shrunk.plan.faults[0].clone()
}

#[test]
fn a_trigger_becomes_a_time_unless_the_failure_needs_it() {
    assert_eq!(small_kill(false).after, None);
    let trigger = small_kill(true).after.expect("without it nothing fails");
    assert_eq!(
        (trigger.nth, trigger.offset_ms),
        (1, 1),
        "and it is as simple as can be"
    );
}
