//! What a guided sweep makes of the swarm's plans can be performed, whatever worlds they are of.

use crate::common;
use scenarios::{
    login::Login,
    vocabulary::{Fault, Plan},
};
use sim::{guidance::Guide, nemesis};

#[test]
fn mutations_of_the_swarm_s_plans_are_sound_and_heal() {
    let scenario = common::scenario("swarm");
    let mut guide = Guide::<Login>::new(0, true);
    let (mut mutations, mut triggered) = (0, 0_usize);
    for seed in 0..640 {
        assert!(guide.begin(seed));
        let (plan, is_mutation) = guide.plan(&scenario, seed, |seed| scenario.plan(seed));
        nemesis::check(&plan).unwrap_or_else(|error| panic!("seed {seed}: {error}\n{}", plan.to_text()));
        let last = |plan: &Plan| plan.faults.last().map(|timed| timed.fault.clone());
        assert_eq!(last(&plan), Some(Fault::Heal), "seed {seed}");
        if is_mutation {
            mutations += 1;
            triggered += usize::from(plan.faults.iter().any(|timed| timed.after.is_some()));
        }
        // every run shows something new
        guide.learn("swarm", seed, &plan, vec![seed as u32], false);
    }
    assert!(
        mutations > 200 && triggered > 50,
        "{triggered} of {mutations} have a trigger"
    );
}
