use super::*;
use crate::catalogue;
use sim::fault::Fault;

fn swarm() -> Scenario {
    catalogue::find("swarm").expect("there is one")
}

/// Three generations in which every run shows something new, as if ended in this order.
fn bred_in(order: impl Fn(&mut Vec<u64>)) -> Vec<Plan> {
    let scenario = swarm();
    let draw = |seed| scenario.plan(seed);
    let (mut guide, mut plans) = (Guide::new(100, true), vec![]);
    for generation in 0..3 {
        let from = 100 + generation * GENERATION;
        let mut begun = vec![];
        for seed in from..from + GENERATION {
            assert!(guide.begin(seed));
            begun.push((seed, guide.plan(&scenario, seed, draw)));
        }
        assert!(!guide.begin(from + GENERATION), "runs are under way");
        let mut ended: Vec<u64> = (from..from + GENERATION).collect();
        order(&mut ended);
        for seed in ended {
            let (_, (plan, _)) = begun.iter().find(|(other, _)| *other == seed).unwrap();
            guide.learn("swarm", seed, plan, vec![seed as u32], false);
        }
        plans.extend(begun.into_iter().map(|(_, (plan, _))| plan));
    }
    plans
}

#[test]
fn what_is_bred_does_not_depend_on_the_order_in_which_runs_end() {
    let plans = bred_in(|_| ());
    assert_eq!(plans, bred_in(|seeds| seeds.reverse()));
    let fresh = |(n, plan): (usize, &Plan)| *plan == swarm().plan(100 + n as u64);
    let fresh: Vec<bool> = plans.iter().enumerate().map(fresh).collect();
    assert!(fresh[..16].iter().all(|fresh| *fresh), "nothing to breed from yet");
    assert_eq!(
        fresh[16..].iter().filter(|fresh| **fresh).count(),
        16,
        "every second one"
    );
}

#[test]
fn what_is_bred_can_be_performed_and_heals_when_its_parents_did() {
    let scenario = swarm();
    let mut kept: Vec<Plan> = (1..20).map(|seed| scenario.plan(seed)).collect();
    let healed = kept[0].healed_at_ms();
    let mut aimed = 0;
    for seed in 0..600 {
        let plan = bred(&kept, seed, |seed| scenario.plan(seed));
        sim::nemesis::check(&plan).unwrap_or_else(|error| panic!("seed {seed}: {error}\n{}", plan.to_text()));
        assert_eq!(plan, bred(&kept, seed, |seed| scenario.plan(seed)), "seed {seed}");
        assert_eq!(plan.healed_at_ms(), healed, "seed {seed}");
        assert_eq!(
            plan.faults.last().map(|timed| &timed.fault),
            Some(&Fault::Heal),
            "seed {seed}"
        );
        aimed += usize::from(plan.faults.iter().any(|timed| timed.after.is_some()));
        kept.push(plan);
    }
    assert!(aimed > 50, "{aimed} have an aim");
}

#[test]
fn quiet_is_counted_over_whole_generations() {
    let plan = swarm().plan(1);
    let mut guide = Guide::new(0, false);
    for seed in 0..3 * GENERATION {
        assert!(guide.begin(seed));
        guide.learn("swarm", seed, &plan, vec![(seed / 20) as u32], false);
    }
    assert!(guide.begin(3 * GENERATION));
    assert_eq!(guide.quiet(), 3 * GENERATION - 1 - 40, "the last new one was seed 40");
}
