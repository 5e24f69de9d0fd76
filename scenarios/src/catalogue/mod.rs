//! All scenarios, each in a file of its own.

pub(crate) mod marks;

use crate::{
    access, analytics, availability, directory, http, leader, limits, mail, mailed_code, oddities, operators,
    property::{AnswersAllowed, FailuresLogged, JobsUnderLease, KeepsNothingForStrangers, LogAsDocumented},
    redemption, registry, session, store, swarm,
    vocabulary::Scenario,
};

/// All scenarios, those with few faults first. In each of them every answer is judged, and so are the log, what leaders begin and
/// what is kept of logins.
pub fn all() -> Vec<Scenario> {
    let stories = [
        availability::stories(),
        redemption::stories(),
        store::stories(),
        limits::stories(),
        mailed_code::stories(),
        mail::stories(),
        analytics::stories(),
        leader::stories(),
        session::stories(),
        directory::stories(),
        operators::stories(),
        oddities::stories(),
        http::stories(),
        registry::stories(),
        access::stories(),
        vec![swarm::swarm(), swarm::guarded_swarm()],
    ];
    let stories = stories.concat().into_iter();
    let judged = |story: Scenario| {
        story
            .always(AnswersAllowed)
            .always(LogAsDocumented)
            .always(FailuresLogged)
            .always(JobsUnderLease)
            .always(KeepsNothingForStrangers)
    };
    stories.map(judged).collect()
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
