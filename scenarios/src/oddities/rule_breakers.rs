//! Those who break rules: each part of each request is absent, doubled, another's, too long; steps are repeated, skipped, and
//! done in another order. Nothing else is wrong, so that of every answer exactly one is allowed. (Inventory 7, 9.)

use super::{Behaviour, ClientAuth, Hint};
use crate::{
    catalogue::marks::{marked, somebody_logged_in},
    mailed_code,
    property::{CodeRedeemedOnce, EmailCodeOnce, ErrorsExplained, NoSecretLogged},
    scenario::{Logins, World, secs},
    vocabulary::{Plan, Scenario},
};
use sim::scenario::Dice;

/// How many break rules in one run.
const MANY: u32 = 12;
/// How many are signed out by a client.
const SIGN_OUTS: u32 = 8;
/// How many go on to an application on their own computer.
const GOINGS_ON: u32 = 4;
/// How many are sent to log in by a form of another site.
const POSTED: u32 = 4;
/// How many groups of changes there are: enough for the request with the most parts ([`Odd::changed`](super::Odd::changed) looks).
pub(super) const GROUPS: u32 = 96;
/// So many runs try all changes at a client that proves itself in one way; the next so many at one that does it in the next way.
const RUNS: u64 = (GROUPS / MANY) as u64;

pub(super) fn rule_breakers() -> Scenario {
    Scenario::new(
        "rule_breakers",
        "each part of each request is changed in every way, one at a time",
    )
    .covering(&[7, 9])
    .enumerated_by(RUNS * ClientAuth::ALL.len() as u64)
    .world(World::standard())
    .workload(Logins::people(4).every(secs(4)))
    .drawn(rule_breakers_of)
    .always(CodeRedeemedOnce)
    .always(EmailCodeOnce)
    .always(ErrorsExplained)
    .always(NoSecretLogged)
    .sometimes("somebody logged in", somebody_logged_in)
    .sometimes(
        "a wrong code that was sent twice was one attempt",
        marked("a twin of a verification shared its outcome"),
    )
    .lasts(secs(60))
}

/// Runs with consecutive seeds try all changes: each tries the next ones.
fn rule_breakers_of(seed: u64, plan: &mut Plan) {
    let mut dice = Dice::of(seed, "rule breakers");
    let first = (seed % RUNS) as u32 * MANY;
    let by = ClientAuth::ALL[(seed / RUNS) as usize % ClientAuth::ALL.len()];
    for n in 0..MANY {
        let at_ms = 2_000 + u64::from(n) * 3_500 + dice.between(0, 500);
        plan.operations.push(crate::vocabulary::Operation {
            at_ms,
            who: format!("breaker-{}", n + 1),
            does: Behaviour::BreakRules {
                changes: first + n,
                client_auth: Some(by),
            }
            .into(),
        });
    }
    // A client signs them out: at once, and after a question.
    for n in 0..SIGN_OUTS {
        let changes = (seed as u32).wrapping_mul(SIGN_OUTS / 2).wrapping_add(n / 2);
        plan.operations.push(crate::vocabulary::Operation {
            at_ms: 2_700 + u64::from(n) * 4_500 + dice.between(0, 500),
            who: format!("signed-out-{}", n + 1),
            does: Behaviour::SignOutAtClient {
                hint: (n % 2 == 0).then_some(Hint::Own),
                return_to: "https://app.example/bye".into(),
                changes: Some(changes % GROUPS),
            }
            .into(),
        });
    }
    // Somebody who is logged in goes on to an application on their own computer.
    for n in 0..GOINGS_ON {
        let changes = (seed as u32).wrapping_mul(GOINGS_ON).wrapping_add(n) % GROUPS;
        plan.operations.push(crate::vocabulary::Operation {
            at_ms: 3_200 + u64::from(n) * 11_000 + dice.between(0, 500),
            who: format!("going-on-{}", n + 1),
            does: Behaviour::ComeBackToNativeApp {
                redirect_uri: "http://127.0.0.1:49152/callback".into(),
                after_ms: 500,
                prompt: String::new(),
                changes: Some(changes),
            }
            .into(),
        });
    }
    // Another site sends somebody to log in by a form.
    for n in 0..POSTED {
        let changes = (seed as u32).wrapping_mul(POSTED).wrapping_add(n) % GROUPS;
        plan.operations.push(crate::vocabulary::Operation {
            at_ms: 2_300 + u64::from(n) * 12_000 + dice.between(0, 500),
            who: format!("posted-{}", n + 1),
            does: Behaviour::SentByAnotherSite {
                after_ms: 300,
                times: 1,
                changes: Some(changes),
            }
            .into(),
        });
    }
    // Wrong codes, each typed once and sent twice: each is one attempt, and the limits count it once.
    // One comes to the limit of a login, the other to that of the address.
    for (n, (at_ms, logins, codes)) in [(3_000, 1, 7), (24_000, 3, 5)].into_iter().enumerate() {
        plan.operations.push(crate::vocabulary::Operation {
            at_ms: at_ms + dice.between(0, 500),
            who: format!("mistyper-{}", n + 1),
            does: mailed_code::Behaviour::Mistype {
                logins,
                codes,
                clicks: 2 + n as u32,
                every_ms: 700,
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
    use std::collections::{BTreeMap, BTreeSet};

    #[test]
    fn consecutive_seeds_try_all_changes() {
        let [mut going_on, mut posted] = [(); 2].map(|()| BTreeSet::new());
        let mut signed_out = BTreeSet::new();
        let mut tried: BTreeMap<String, BTreeSet<u32>> = BTreeMap::new();
        for seed in 1..=rule_breakers().whole_seeds() {
            for operation in rule_breakers().plan(seed).operations {
                let Any::Oddity(does) = operation.does else { continue };
                match does {
                    Behaviour::BreakRules { changes, client_auth } => {
                        tried.entry(format!("{client_auth:?}")).or_default().insert(changes);
                    }
                    Behaviour::SignOutAtClient { hint, changes, .. } => {
                        signed_out.extend(changes.map(|changes| (hint.is_some(), changes)));
                    }
                    Behaviour::ComeBackToNativeApp { changes, .. } => going_on.extend(changes),
                    Behaviour::SentByAnotherSite { changes, .. } => posted.extend(changes),
                    _ => {}
                }
            }
        }
        let all: BTreeSet<u32> = (0..GROUPS).collect();
        assert_eq!(tried.len(), ClientAuth::ALL.len());
        assert!(tried.values().all(|tried| *tried == all));
        assert_eq!(signed_out.len(), 2 * all.len());
        assert_eq!((&going_on, &posted), (&all, &all));
    }
}
