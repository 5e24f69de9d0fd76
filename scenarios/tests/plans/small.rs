//! Plans of the login service get small.

use crate::any::{behaviour, own_fault, reminders};
use proptest::{collection::vec, prelude::*, sample::select};
use scenarios::{
    mail, mailed_code,
    vocabulary::{Fault, Mode, Operation, Plan, TimedFault, Violation, WorldOptions},
};
use sim::{
    nemesis,
    property::Reason,
    shrink::{Shape, Verdict, shrink},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
    hash::{DefaultHasher, Hash, Hasher},
    ops::ControlFlow,
};

const PROPERTY: &str = "P";

fn reason() -> Reason {
    Reason {
        property: PROPERTY.into(),
        reason: String::new(),
    }
}

/// What a run came to, as if it had been performed.
fn verdict(fails: bool, plan: &Plan) -> Verdict {
    let violation = Violation {
        property: PROPERTY.into(),
        reason: String::new(),
        what: "made up".into(),
        at_ms: plan.lasts_ms / 2,
        evidence: vec![],
    };
    Verdict {
        violations: Vec::from_iter(fails.then_some(violation)),
        witnesses: Vec::from_iter(fails.then(BTreeSet::new)),
        triggered: BTreeMap::new(),
    }
}

/// A swarm's plan that fails whenever somebody is impatient and the mail relay is slow.
#[test]
fn what_the_failure_does_not_need_is_removed() {
    let scenario = crate::common::scenario("swarm");
    let mut large = scenario.plan(1);
    large.operations[0].does = mailed_code::Behaviour::LogInImpatiently { clicks: 6 }.into();
    let slow = mail::Fault::Mail {
        mode: Mode::Slow { by_ms: 6_543 },
    };
    large.faults.insert(0, TimedFault::at(2_345, Fault::Own(slow.into())));
    let judge = |plan: &Plan| {
        let text = plan.to_text();
        let fails = text.contains("log-in-impatiently") && text.contains("\"slow\"");
        Ok::<_, Infallible>(verdict(fails, plan))
    };
    let shrunk = shrink(&large, &reason(), 10_000, judge, |_| ControlFlow::Continue(()));
    let shrunk = shrunk.expect("it fails");
    assert!(shrunk.finished);
    assert_eq!((shrunk.plan.operations.len(), shrunk.plan.faults.len()), (1, 1));
    assert_eq!(shrunk.plan.world, WorldOptions::default());
    assert_eq!(Shape::of(&shrunk.plan).to_string(), "log-in-impatiently, mail slow");
}

fn fault() -> impl Strategy<Value = Fault> {
    let host = || select(vec!["idp-a", "idp-b", "redis-1", "redis-2", "sentinel-1"]).prop_map(str::to_owned);
    prop_oneof![
        3 => own_fault().prop_map(Fault::Own),
        1 => host().prop_map(|host| Fault::Kill { host }),
        1 => host().prop_map(|host| Fault::Start { host }),
        1 => (host(), -20_000i64..20_000).prop_map(|(host, by_ms)| Fault::ClockJump { host, by_ms }),
        1 => (0u64..10_000).prop_map(|by_ms| Fault::DiskSlow { host: "idp-a".into(), by_ms, lasts_ms: by_ms }),
        1 => Just(Fault::Heal),
    ]
}

prop_compose! {
    fn plan()(
        lasts_ms in 1u64..100_000,
        (replicas, redis_replicas, sentinels) in (2usize..=8, 1usize..=2, select(vec![3usize, 5])),
        (latency_ms_max, lease_ms) in (1u64..30, 1_000u64..20_000),
        reminders in reminders(),
        operations in vec((0u64..100_000, "[a-d]", behaviour("vic", "idp-[ab]")), 0..12),
        faults in vec((0u64..100_000, fault()), 0..12),
    ) -> Plan {
        let timed = |at_ms: u64| at_ms % lasts_ms;
        let operations = operations.into_iter().map(|(at_ms, who, does)| Operation { at_ms: timed(at_ms), who, does });
        let faults = faults.into_iter().map(|(at_ms, fault)| TimedFault::at(timed(at_ms), fault));
        let mut plan = Plan {
            world: WorldOptions {
                replicas, redis_replicas, sentinels, latency_ms_max, lease_ms, reminders, ..WorldOptions::default()
            },
            operations: operations.collect(),
            faults: faults.collect(),
            ..Plan::new("test", 7, lasts_ms)
        };
        plan.operations.sort_by_key(|operation| operation.at_ms);
        plan.faults.sort_by_key(|fault| fault.at_ms);
        plan
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 128, ..ProptestConfig::default() })]

    /// Whatever fails, for whatever reason: only sound plans are performed, and shrinking ends.
    #[test]
    fn every_candidate_is_a_sound_plan(plan in plan(), arbitrary: u64) {
        let mut is_first = true;
        let judge = |candidate: &Plan| {
            prop_assert_eq!(nemesis::check(candidate), Ok(()));
            // fails or holds as its hash decides
            let mut hash = DefaultHasher::new();
            (candidate.to_text(), arbitrary).hash(&mut hash);
            Ok(verdict(std::mem::take(&mut is_first) || hash.finish().is_multiple_of(3), candidate))
        };
        let shrunk = shrink(&plan, &reason(), 100_000, judge, |_| ControlFlow::Continue(()));
        match shrunk {
            Ok(shrunk) => prop_assert!(shrunk.finished && shrunk.after.items() <= shrunk.before.items()),
            Err(error) => prop_assert!(false, "{}", error),
        }
    }
}
