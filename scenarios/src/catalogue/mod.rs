//! All scenarios. One story a file.

mod analytics_hangs;
mod calm_day;
mod code_race;
mod failover_mid_redemption;
mod guesser_across_failover;
mod leader_pauses;
mod mail_stalls;
mod marks;
mod old_master_returns;
mod redis_unreachable;
mod replica_dies_mid_flow;
mod sentinel_without_quorum;
mod session_survives;
mod slow_disk;
mod swarm;

use crate::vocabulary::Scenario;

/// All scenarios, the quiet ones first.
pub fn all() -> Vec<Scenario> {
    vec![
        calm_day::calm_day(),
        replica_dies_mid_flow::replica_dies_mid_flow(),
        code_race::code_race(),
        failover_mid_redemption::failover_mid_redemption(),
        old_master_returns::old_master_returns(),
        sentinel_without_quorum::sentinel_without_quorum(),
        redis_unreachable::redis_unreachable(),
        guesser_across_failover::guesser_across_failover(),
        mail_stalls::mail_stalls(),
        analytics_hangs::analytics_hangs(),
        leader_pauses::leader_pauses(),
        session_survives::session_survives(),
        slow_disk::slow_disk(),
        swarm::swarm(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_plan_is_a_function_of_its_seed() {
        for scenario in all() {
            assert_eq!(scenario.plan(7), scenario.plan(7), "{}", scenario.name());
            assert_ne!(scenario.plan(7), scenario.plan(8), "{}", scenario.name());
        }
    }

    #[test]
    fn every_plan_can_be_performed() {
        for scenario in all() {
            for seed in 0..50 {
                let (plan, plain) = (scenario.plan(seed), scenario.plain_plan(seed));
                for plan in [&plan, &plain] {
                    sim::nemesis::check(plan).unwrap_or_else(|e| panic!("{} with seed {seed}: {e}", scenario.name()));
                }
                if let Some(twin) = scenario.twin(&plan) {
                    sim::nemesis::check(&twin)
                        .unwrap_or_else(|e| panic!("the twin of {} with seed {seed}: {e}", scenario.name()));
                }
                assert!(
                    plan.operations.is_sorted_by_key(|operation| operation.at_ms),
                    "{}",
                    scenario.name()
                );
                assert!(plan.faults.is_sorted_by_key(|fault| fault.at_ms), "{}", scenario.name());
            }
        }
    }

    #[test]
    fn nobody_is_named_twice() {
        for scenario in all() {
            let plan = scenario.plan(1);
            let names: BTreeSet<_> = plan.operations.iter().map(|operation| &operation.who).collect();
            assert_eq!(names.len(), plan.operations.len(), "{}", scenario.name());
        }
    }

    #[test]
    fn every_scenario_claims_something_and_has_marks_to_reach() {
        for scenario in all() {
            assert!(
                !scenario.properties().is_empty() && !scenario.marks().is_empty(),
                "{}",
                scenario.name()
            );
            assert!(
                !scenario.covers().is_empty() && !scenario.title().is_empty(),
                "{}",
                scenario.name()
            );
        }
    }
}
