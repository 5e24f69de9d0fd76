//! A system that can be judged without being simulated: a function from plans to violations.

use super::*;
use crate::{
    fault::{Fault, Manner, TimedFault},
    plan::{Behaviour, Operation, PLAN_VERSION, Persistence, ReminderOption, WorldOptions},
};
use proptest::{collection::vec, prelude::*};
use std::convert::Infallible;

fn kill(host: &str) -> Fault {
    Fault::Kill { host: host.into() }
}

fn operation(at_ms: u64, who: &str, does: Behaviour) -> Operation {
    Operation {
        at_ms,
        who: who.into(),
        does,
    }
}

/// Twelve people, four faults with their ends, a heal, reminders, a world of its own.
fn large() -> Plan {
    let people = ["ann", "ben", "cleo", "dan", "eve", "finn"];
    let mut operations: Vec<Operation> = (0..12)
        .map(|n| operation(1_013 + 1_777 * n, people[n as usize % 6], Behaviour::LogIn))
        .collect();
    operations[4].does = Behaviour::LogInImpatiently { clicks: 6 };
    let fault = |at_ms, fault| TimedFault::at(at_ms, fault);
    let start = |host: &str| Fault::Start { host: host.into() };
    let mail = |manner| Fault::Mail { manner };
    Plan {
        version: PLAN_VERSION,
        scenario: "test".into(),
        seed: 7,
        lasts_ms: 91_234,
        world: WorldOptions {
            latency_ms_max: 25,
            persistence: Persistence::Aof,
            quorum: 3,
            reminders: vec![ReminderOption {
                who: "sleeper".into(),
                due_ms: 9_009,
            }],
            ..WorldOptions::default()
        },
        operations,
        faults: vec![
            fault(2_345, mail(Manner::Slow { by_ms: 6_543 })),
            fault(7_001, kill("redis-1")),
            fault(9_123, kill("idp-a")),
            fault(12_345, start("redis-1")),
            fault(13_000, mail(Manner::Healthy)),
            fault(14_111, start("idp-a")),
            fault(20_222, kill("idp-b")),
            fault(45_000, Fault::Heal),
        ],
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

/// Two bugs. One property breaks when redis-1 dies after somebody was impatient; the same property
/// breaks in another way when idp-a dies, with anybody there at all.
fn two_bugs(plan: &Plan) -> Vec<Violation> {
    let time_of = |host: &str| {
        let wanted = kill(host);
        plan.faults
            .iter()
            .find(|timed| timed.fault == wanted)
            .map(|timed| timed.at_ms)
    };
    let impatient =
        |operation: &&Operation| matches!(operation.does, Behaviour::LogInImpatiently { clicks } if clicks >= 2);
    let mut violations = vec![];
    if let (Some(at_ms), false) = (time_of("idp-a"), plan.operations.is_empty()) {
        violations.push(violation("P", "any", at_ms));
    }
    if let (Some(at_ms), Some(who)) = (time_of("redis-1"), plan.operations.iter().find(impatient))
        && who.at_ms > at_ms
    {
        violations.push(violation("P", "impatient", who.at_ms + 500));
    }
    violations
}

fn reason(reason: &str) -> Reason {
    Reason {
        property: "P".into(),
        reason: reason.into(),
    }
}

fn made_small(plan: &Plan, reason: &Reason, runs_max: u64) -> (Shrunk, Vec<Plan>) {
    let mut steps = vec![];
    let judge = |plan: &Plan| {
        nemesis::check(plan).unwrap_or_else(|error| panic!("{error}\n{}", plan.to_text()));
        let violations = two_bugs(plan);
        let witnesses = violations.iter().map(|_| BTreeSet::new()).collect();
        Ok::<_, Infallible>(Verdict {
            violations,
            witnesses,
            aimed: BTreeMap::new(),
        })
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
    let (shrunk, _) = made_small(&large(), &reason("impatient"), 1000);
    let plan = &shrunk.plan;
    let impatient = Behaviour::LogInImpatiently { clicks: 2 };
    assert_eq!(plan.operations, [operation(1000, "eve", impatient)]);
    let dies = TimedFault::at(0, kill("redis-1"));
    assert_eq!(plan.faults, [dies]);
    assert_eq!(plan.world, WorldOptions::default());
    assert_eq!(plan.lasts_ms, 1000);
    assert!(shrunk.finished, "{shrunk:?}");
}

#[test]
fn never_drifts_to_the_other_bug() {
    for (wanted, other) in [("impatient", "any"), ("any", "impatient")] {
        let (shrunk, steps) = made_small(&large(), &reason(wanted), 1000);
        for step in &steps {
            assert!(reason(wanted).found_in(&two_bugs(step)).is_some(), "{}", step.to_text());
        }
        assert_eq!(reason(other).found_in(&two_bugs(&shrunk.plan)), None);
        assert_eq!(Reason::of(&shrunk.violation), reason(wanted));
    }
}

#[test]
fn shrinking_twice_gives_the_same_and_what_is_small_stays() {
    let (first, steps) = made_small(&large(), &reason("impatient"), 1000);
    assert_eq!(made_small(&large(), &reason("impatient"), 1000), (first.clone(), steps));
    let (again, steps) = made_small(&first.plan, &reason("impatient"), 1000);
    assert_eq!((again.plan, steps.len()), (first.plan, 0));
}

#[test]
fn a_budget_is_kept_and_its_result_fails_too() {
    for runs_max in 1..30 {
        let (shrunk, steps) = made_small(&large(), &reason("impatient"), runs_max);
        assert!(shrunk.runs <= runs_max);
        assert_eq!(shrunk.taken, steps.len() as u64);
        assert!(reason("impatient").found_in(&two_bugs(&shrunk.plan)).is_some());
    }
}

#[test]
fn what_does_not_fail_is_refused() {
    let judge = |plan: &Plan| {
        let violations = two_bugs(plan);
        let witnesses = vec![BTreeSet::new(); violations.len()];
        Ok::<_, Infallible>(Verdict {
            violations,
            witnesses,
            aimed: BTreeMap::new(),
        })
    };
    let refused = shrink(&large(), &reason("nothing"), 100, judge, |_| ControlFlow::Continue(()));
    let error = refused.expect_err("it fails for other reasons").to_string();
    assert!(error.contains("P (nothing)") && error.contains("P (any)"), "{error}");
}

#[test]
fn one_bug_is_one_group() {
    let mut other = large();
    other.operations.rotate_left(1);
    other.operations[0].who = "zoe".into();
    let shape = |plan: &Plan, of: &str| Shape::of(&made_small(plan, &reason(of), 1000).0.plan);
    let failures = [
        (reason("impatient"), shape(&large(), "impatient"), 1),
        (reason("any"), shape(&large(), "any"), 2),
        (reason("impatient"), shape(&other, "impatient"), 3),
    ];
    let groups = group(failures);
    assert_eq!(groups.len(), 2);
    assert_eq!(groups[0].members, [1, 3]);
    assert_eq!(groups[0].shape.to_string(), "log-in-impatiently, kill redis");
}

fn any_fault() -> impl Strategy<Value = Fault> {
    let host = prop::sample::select(vec!["idp-a", "idp-b", "redis-1", "redis-2", "sentinel-1"]);
    let ms = 0u64..10_000;
    prop_oneof![
        host.clone().prop_map(kill),
        host.clone().prop_map(|host| Fault::Start { host: host.into() }),
        host.clone().prop_map(|host| Fault::Pause { host: host.into() }),
        (host.clone(), -20_000i64..20_000).prop_map(|(host, by_ms)| Fault::ClockJump {
            host: host.into(),
            by_ms
        }),
        (host, 0u8..=100).prop_map(|(host, percent)| Fault::Loss {
            a: host.into(),
            b: "mail".into(),
            percent
        }),
        ms.clone().prop_map(|by_ms| Fault::Mail {
            manner: Manner::Slow { by_ms }
        }),
        ms.clone().prop_map(|lasts_ms| Fault::DirectoryBusy { lasts_ms }),
        ms.prop_map(|by_ms| Fault::DirectorySlow {
            host: "idp-a".into(),
            by_ms,
            lasts_ms: by_ms
        }),
        Just(Fault::Heal),
    ]
}

fn any_behaviour() -> impl Strategy<Value = Behaviour> {
    prop_oneof![
        Just(Behaviour::LogIn),
        Just(Behaviour::RaceCode),
        (0u32..9).prop_map(|clicks| Behaviour::LogInImpatiently { clicks }),
        (0u64..9_999, 0u32..40).prop_map(|(every_ms, looks)| Behaviour::StayLoggedIn { every_ms, looks }),
        vec(0u64..20_000, 0..4).prop_map(|after_ms| Behaviour::StealCodes { after_ms }),
        (0u32..70, 0u64..2_000).prop_map(|(guesses, every_ms)| Behaviour::Guess {
            victim: "vic".into(),
            guesses,
            every_ms
        }),
        (0u64..20_000).prop_map(|after_ms| Behaviour::PeekAtMail {
            victim: "vic".into(),
            after_ms
        }),
    ]
}

prop_compose! {
    fn any_plan()(
        lasts_ms in 1u64..100_000,
        latency_ms_max in 1u64..30,
        lease_ms in 1_000u64..20_000,
        operations in vec((0u64..100_000, "[a-d]", any_behaviour()), 0..12),
        faults in vec((0u64..100_000, any_fault()), 0..12),
        reminders in vec(0u64..100_000, 0..4),
    ) -> Plan {
        let mut plan = Plan {
            world: WorldOptions {
                latency_ms_max,
                lease_ms,
                reminders: reminders.into_iter().map(|due_ms| ReminderOption { who: "s".into(), due_ms }).collect(),
                ..WorldOptions::default()
            },
            lasts_ms,
            operations: operations.into_iter().map(|(at_ms, who, does)| operation(at_ms % lasts_ms, &who, does)).collect(),
            faults: faults.into_iter().map(|(at_ms, fault)| TimedFault::at(at_ms % lasts_ms, fault)).collect(),
            ..large()
        };
        plan.operations.sort_by_key(|operation| operation.at_ms);
        plan.faults.sort_by_key(|fault| fault.at_ms);
        plan
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever fails, for whatever reason: only sound plans are performed, and shrinking ends.
    #[test]
    fn every_candidate_is_a_sound_plan(plan in any_plan(), arbitrary: u64) {
        let mut first = true;
        let judge = |candidate: &Plan| {
            prop_assert_eq!(nemesis::check(candidate), Ok(()));
            // fails or holds as its hash has it
            let hash = xxhash_rust::xxh3::xxh3_64_with_seed(candidate.to_text().as_bytes(), arbitrary);
            let violations = if std::mem::take(&mut first) || hash.is_multiple_of(3) {
                vec![violation("P", "any", candidate.lasts_ms / 2)]
            } else {
                vec![]
            };
            let witnesses = vec![BTreeSet::new(); violations.len()];
            Ok(Verdict {
            violations,
            witnesses,
            aimed: BTreeMap::new(),
        })
        };
        let shrunk = shrink(&plan, &reason("any"), 100_000, judge, |_| ControlFlow::Continue(()));
        match shrunk {
            Ok(shrunk) => prop_assert!(shrunk.finished && shrunk.after.items() <= shrunk.before.items()),
            Err(error) => prop_assert!(false, "{}", error),
        }
    }
}

/// A bug that shows when redis-1 dies: where `only_aimed`, only if it dies aimed at something.
fn untied(only_aimed: bool) -> TimedFault {
    let event = crate::aim::Cue::named("code stored").unwrap();
    let aim = crate::aim::Aim {
        event,
        nth: 3,
        offset_ms: 7,
    };
    let plan = Plan {
        faults: vec![TimedFault {
            at_ms: 2_345,
            fault: kill("redis-1"),
            after: Some(aim),
        }],
        ..large()
    };
    let judge = |plan: &Plan| {
        let dies = plan.faults.iter().find(|timed| timed.fault == kill("redis-1"));
        let fails = dies.is_some_and(|timed| !only_aimed || timed.after.is_some());
        let aimed = plan
            .faults
            .iter()
            .enumerate()
            .filter(|(_, timed)| timed.after.is_some());
        Ok::<_, Infallible>(Verdict {
            violations: Vec::from_iter(fails.then(|| violation("P", "dies", 20_000))),
            witnesses: vec![BTreeSet::new()],
            aimed: aimed.map(|(place, _)| (place, Some(19_500))).collect(),
        })
    };
    let reason = reason("dies");
    let shrunk = shrink(&plan, &reason, 1000, judge, |_| ControlFlow::Continue(())).expect("it fails");
    assert_eq!(shrunk.plan.faults.len(), 1);
    shrunk.plan.faults[0].clone()
}

#[test]
fn an_aim_becomes_a_time_unless_it_is_the_point() {
    assert_eq!(untied(false).after, None);
    let aim = untied(true).after.expect("without it nothing fails");
    assert_eq!((aim.nth, aim.offset_ms), (1, 1), "and it is as simple as can be");
}
