//! Those who break rules: each part of each request is absent, doubled, another's, too long; steps are repeated, skipped, and
//! done in another order. Nothing else is wrong, so that of every answer exactly one is allowed. (Inventory 7, 9.)

use super::Behaviour;
use crate::{
    catalogue::marks::somebody_logged_in,
    property::{CodeRedeemedOnce, EmailCodeOnce, ErrorsExplained, NoSecretLogged},
    scenario::{Logins, World, secs},
    vocabulary::{Plan, Scenario},
};
use sim::scenario::Dice;

/// How many break rules in one run.
const MANY: u32 = 12;
/// How many groups of changes there are: enough for the request with the most parts.
pub(super) const GROUPS: u32 = 86;

pub(super) fn rule_breakers() -> Scenario {
    Scenario::new(
        "rule_breakers",
        "each part of each request is changed in every way, one at a time",
    )
    .covering(&[7, 9])
    .world(World::standard())
    .workload(Logins::people(4).every(secs(4)))
    .drawn(rule_breakers_of)
    .always(CodeRedeemedOnce)
    .always(EmailCodeOnce)
    .always(ErrorsExplained)
    .always(NoSecretLogged)
    .sometimes("somebody logged in", somebody_logged_in)
    .lasts(secs(60))
}

/// Runs with consecutive seeds try all changes: each tries the next ones.
fn rule_breakers_of(seed: u64, plan: &mut Plan) {
    let mut dice = Dice::of(seed, "rule breakers");
    let first = (seed % u64::from(GROUPS)) as u32 * MANY;
    for n in 0..MANY {
        let at_ms = 2_000 + u64::from(n) * 3_500 + dice.between(0, 500);
        plan.operations.push(crate::vocabulary::Operation {
            at_ms,
            who: format!("breaker-{}", n + 1),
            does: Behaviour::BreakRules {
                changes: (first + n) % GROUPS,
            }
            .into(),
        });
    }
    plan.operations.sort_by_key(|operation| operation.at_ms);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocabulary::Behaviour as Any;
    use std::collections::BTreeSet;

    #[test]
    fn consecutive_seeds_try_all_changes() {
        let mut tried = BTreeSet::new();
        for seed in 1..=u64::from(GROUPS) {
            for operation in rule_breakers().plan(seed).operations {
                if let Any::Oddity(Behaviour::BreakRules { changes }) = operation.does {
                    tried.insert(changes);
                }
            }
        }
        assert_eq!(tried, (0..GROUPS).collect());
    }
}
