//! Random plans that fail at random.

use super::*;
use proptest::{collection::vec, prelude::*};

fn any_fault() -> impl Strategy<Value = Fault<Shop>> {
    let host = prop::sample::select(vec!["shop-1", "shop-2", "redis-1", "redis-2", "sentinel-1"]);
    let ms = 0u64..10_000;
    prop_oneof![
        host.clone().prop_map(kill),
        host.clone().prop_map(start),
        host.clone().prop_map(|host| Fault::Pause { host: host.into() }),
        (host.clone(), -20_000i64..20_000).prop_map(|(host, by_ms)| Fault::ClockJump {
            host: host.into(),
            by_ms
        }),
        (host, 0u8..=100).prop_map(|(host, percent)| Fault::Loss {
            a: host.into(),
            b: "printer".into(),
            percent
        }),
        any::<bool>().prop_map(printer),
        ms.prop_map(|by_ms| Fault::DiskSlow {
            host: "shop-1".into(),
            by_ms,
            lasts_ms: by_ms
        }),
        Just(Fault::Heal),
    ]
}

fn any_behaviour() -> impl Strategy<Value = Does> {
    prop_oneof![
        Just(Does::Shop),
        (0u32..9, 0u64..9_999).prop_map(|(seats, every_ms)| Does::BuySeats { seats, every_ms }),
        vec(0u64..20_000, 0..4).prop_map(|after_ms| Does::Snipe {
            victim: "vic".into(),
            after_ms
        }),
    ]
}

prop_compose! {
    fn any_plan()(
        lasts_ms in 1u64..100_000,
        latency_ms_max in 1u64..30,
        quorum in 1usize..=3,
        operations in vec((0u64..100_000, "[a-d]", any_behaviour()), 0..12),
        faults in vec((0u64..100_000, any_fault()), 0..12),
        opening in vec(0u64..100_000, 0..4),
    ) -> Plan<Shop> {
        let opening = opening.into_iter().map(|due_ms| super::opening("a", due_ms)).collect();
        let operations = operations.into_iter().map(|(at_ms, who, does)| operation(at_ms % lasts_ms, &who, does));
        let faults = faults.into_iter().map(|(at_ms, fault)| TimedFault::at(at_ms % lasts_ms, fault));
        let mut plan = Plan {
            world: ShopWorld { latency_ms_max, quorum, opening },
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
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever fails, for whatever reason, only valid plans are performed, and shrinking ends.
    #[test]
    fn every_candidate_is_a_sound_plan(plan in any_plan(), arbitrary: u64) {
        let mut is_first = true;
        let judge = |candidate: &Plan<Shop>| {
            prop_assert_eq!(nemesis::check(candidate), Ok(()));
            // Its hash decides whether it fails.
            let hash = xxhash_rust::xxh3::xxh3_64_with_seed(candidate.to_text().as_bytes(), arbitrary);
            let fails = std::mem::take(&mut is_first) || hash.is_multiple_of(3);
            let violation = fails.then(|| violation("P", "any", candidate.lasts_ms / 2));
            Ok(verdict(Vec::from_iter(violation)))
        };
        let shrunk = shrink(&plan, &reason("any"), 100_000, judge, |_| ControlFlow::Continue(()));
        match shrunk {
            Ok(shrunk) => prop_assert!(shrunk.finished && shrunk.after.items() <= shrunk.before.items()),
            Err(error) => prop_assert!(false, "{}", error),
        }
    }
}
