use super::*;
use crate::{
    calls::{CallFault, CallOutcome},
    engine::{ArrivalOrder, Order},
    fault::{Fault, TimedFault},
    plan::Operation,
    refusal::REFUSALS,
    service::Service,
    testing::{Does, Opening, Shop, ShopWorld, Trouble},
    trigger::{Trigger, event_names},
};
use proptest::prelude::*;

fn behaviour() -> impl Strategy<Value = Does> {
    prop_oneof![
        Just(Does::Shop),
        (any::<u32>(), 0..1_000_000u64).prop_map(|(seats, every_ms)| Does::BuySeats { seats, every_ms }),
        ("[a-z]{1,6}", prop::collection::vec(0..100_000u64, 0..4))
            .prop_map(|(victim, after_ms)| Does::Snipe { victim, after_ms }),
    ]
}

fn fault() -> impl Strategy<Value = Fault<Shop>> {
    let host = || "[a-z]{1,8}-[0-9]";
    prop_oneof![
        host().prop_map(|host| Fault::Kill { host }),
        host().prop_map(|host| Fault::PowerLoss { host }),
        host().prop_map(|host| Fault::Stop { host }),
        host().prop_map(|host| Fault::Start { host }),
        host().prop_map(|host| Fault::Pause { host }),
        host().prop_map(|host| Fault::Resume { host }),
        (host(), host()).prop_map(|(a, b)| Fault::Cut { a, b }),
        (host(), host()).prop_map(|(from, to)| Fault::CutOneWay { from, to }),
        (host(), host()).prop_map(|(a, b)| Fault::Mend { a, b }),
        (host(), host(), 0..=100u8).prop_map(|(a, b, percent)| Fault::Loss { a, b, percent }),
        (host(), host(), 0..9_999u64).prop_map(|(a, b, added_ms)| Fault::Latency { a, b, added_ms }),
        (host(), host(), 0..9_999u64, 0..9_999u64).prop_map(|(a, b, added_ms, lasts_ms)| Fault::LatencySpike {
            a,
            b,
            added_ms,
            lasts_ms
        }),
        (host(), -99_999..99_999i64).prop_map(|(host, offset_ms)| Fault::ClockOffset { host, offset_ms }),
        (host(), -99_999..99_999i64).prop_map(|(host, by_ms)| Fault::ClockJump { host, by_ms }),
        (host(), any::<bool>(), 0..9_999u64).prop_map(|(host, after_commit, lasts_ms)| Fault::DiskError {
            host,
            after_commit,
            lasts_ms
        }),
        (host(), 0..9_999u64, 0..9_999u64).prop_map(|(host, by_ms, lasts_ms)| Fault::DiskSlow {
            host,
            by_ms,
            lasts_ms
        }),
        (host(), prop::sample::select(&REFUSALS[..]), 0..9_999u64)
            .prop_map(|(host, why, lasts_ms)| { Fault::RedisRefuses { host, why, lasts_ms } }),
        (host(), 0..9_999u64).prop_map(|(host, lasts_ms)| Fault::SentinelRefuses { host, lasts_ms }),
        (host(), 0..9_999u64).prop_map(|(host, lasts_ms)| Fault::NoDescriptors { host, lasts_ms }),
        call().prop_map(Fault::Call),
        any::<bool>().prop_map(|jams| Fault::Own(Trouble::Printer { jams })),
        (0..9_999u64).prop_map(|lasts_ms| Fault::Own(Trouble::OutOfPaper { lasts_ms })),
        Just(Fault::Heal),
    ]
}

fn call() -> impl Strategy<Value = CallFault> {
    let outcomes = [
        CallOutcome::Fails,
        CallOutcome::AnswerLost,
        CallOutcome::Late,
        CallOutcome::AnswerLate,
    ];
    let of = ("[a-z]{1,8}-[0-9]", "[a-z ]{1,12}", "[a-z]{0,8}");
    (of, prop::sample::select(outcomes.to_vec()), 0..9_999u64).prop_map(|((host, call, error), outcome, by_ms)| {
        CallFault {
            host,
            call,
            outcome,
            error,
            by_ms,
        }
    })
}

fn trigger() -> impl Strategy<Value = Option<Trigger>> {
    let event = prop::sample::select(event_names(&Shop::world(&ShopWorld::default())));
    let trigger = (event, any::<u32>(), 0..9_999u64);
    prop::option::of(trigger.prop_map(|(event, nth, offset_ms)| Trigger { event, nth, offset_ms }))
}

prop_compose! {
    fn plan()(
        scenario in "[a-z_\"\\\\ #]{0,20}",
        seed in any::<u64>(),
        lasts_ms in 0..1_000_000u64,
        (latency_ms_max, quorum) in (0..50u64, 0..9usize),
        (bug, build) in (prop::option::of("[a-z_]{1,20}"), prop::option::of("[0-9a-f]{12}")),
        order in prop::sample::select(vec![Order::FirstCome, Order::Shuffled, Order::Priorities]),
        arrival_order in prop::sample::select(vec![ArrivalOrder::AsSent, ArrivalOrder::Shuffled]),
        opening in prop::collection::vec(("[a-z]{1,5}", 0..100_000u64), 0..3),
        operations in prop::collection::vec((0..100_000u64, "[a-zé]{1,8}", behaviour()), 0..6),
        faults in prop::collection::vec((0..100_000u64, fault(), trigger()), 0..8),
    ) -> Plan<Shop> {
        Plan {
            version: PLAN_VERSION,
            scenario,
            seed,
            lasts_ms,
            bug,
            build,
            order,
            arrival_order,
            world: ShopWorld {
                latency_ms_max,
                quorum,
                opening: opening.into_iter().map(|(row, due_ms)| Opening { row, due_ms }).collect(),
            },
            operations: operations
                .into_iter()
                .map(|(at_ms, who, does)| Operation { at_ms, who, does })
                .collect(),
            faults: faults.into_iter().map(|(at_ms, fault, after)| TimedFault { at_ms, fault, after }).collect(),
        }
    }
}

fn read(text: &str) -> Result<Plan<Shop>, PlanFileError> {
    Plan::from_text(text, Path::new("a.toml"))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read(plan in plan()) {
        prop_assert_eq!(read(&plan.to_text()).unwrap(), plan);
    }

    /// A torn file is an error wherever it is torn, and never another plan.
    #[test]
    fn a_torn_file_is_refused(plan in plan(), at in any::<prop::sample::Index>()) {
        let text = plan.to_text();
        let whole = text.trim_end().len();
        let mut at = at.index(whole);
        while !text.is_char_boundary(at) { at -= 1 }
        prop_assert!(read(&text[..at]).is_err());
    }
}

fn sample() -> Plan<Shop> {
    let out_of_paper = Trouble::OutOfPaper { lasts_ms: 30 };
    let spike = Fault::LatencySpike {
        a: "shop-1".into(),
        b: "redis-1".into(),
        added_ms: 20,
        lasts_ms: 40,
    };
    Plan {
        seed: 7,
        operations: vec![Operation {
            at_ms: 1000,
            who: "ann".into(),
            does: Does::Shop,
        }],
        faults: vec![
            TimedFault::at(2000, Fault::Own(out_of_paper)),
            TimedFault::at(3000, spike),
        ],
        ..Plan::new("calm_day", 7, 60_000)
    }
}

#[test]
fn errors_say_what_is_wrong_and_where_and_what_to_do() {
    let text = sample().to_text();
    let line_of = |needle: &str| text.lines().position(|l| l.contains(needle)).unwrap() + 1;
    #[rustfmt::skip]
    let rows = [
        ("version = 2", "version = 3", "has version 3; this build reads versions up to 2".to_owned()),
        ("# end of plan", "", "is torn".to_owned()),
        ("seed = 7", "seed = \"seven\"", format!("line {}", line_of("seed = 7"))),
        ("seed = 7", "seed = 7\nspeed = 3", "unknown field `speed`".to_owned()),
        ("quorum = 2", "quorums = 2", "unknown field `quorums`".to_owned()),
        ("lasts_ms = 30", "lasts_ms = 30\nfor_ms = 1", "unknown field `for_ms`".to_owned()),
        ("lasts_ms = 40", "lasts_ms = 40\nfor_ms = 1", "unknown field `for_ms`".to_owned()),
        ("does = \"shop\"", "does = \"chop\"", "unknown variant `chop`".to_owned()),
        ("fault = \"out-of-paper\"", "fault = \"out-of-ink\"", "unknown variant `out-of-ink`".to_owned()),
        ("fault = \"out-of-paper\"", "fault = \"out-of-ink\"", "`heal`, `printer`, `out-of-paper`".to_owned()),
        ("lasts_ms = 60000", "", "missing field `lasts_ms`".to_owned()),
        ("scenario = \"calm_day\"", "scenario = calm", format!("line {}", line_of("scenario"))),
    ];
    for (from, to, expected) in rows {
        assert!(text.contains(from), "{from:?} is not in\n{text}");
        let error = read(&text.replacen(from, to, 1)).expect_err(to).to_string();
        assert!(error.contains(&expected), "{to:?}: {expected:?} is not in {error:?}");
        assert!(error.contains("a.toml"), "{error}");
    }
}

#[test]
fn a_plan_of_an_older_version_is_read_and_means_the_same() {
    let old = sample().to_text().replace("version = 2", "version = 1");
    assert_eq!(read(&old).expect("read"), sample());
}

#[test]
fn options_that_a_plan_does_not_mention_are_the_defaults() {
    let text = sample().to_text();
    let line = (text.lines().find(|line| line.starts_with("quorum"))).expect("it is written");
    let old = read(&text.replace(line, "")).expect("read");
    assert_eq!(old.world, ShopWorld::default());
}

#[test]
fn orders_are_written_only_if_a_plan_has_others_than_the_defaults() {
    let text = sample().to_text();
    assert!(!text.contains("order"), "{text}");
    let (orders, line) = ("order = \"priorities\"\narrival_order = \"shuffled\"", "seed = 7");
    let reordered = Plan {
        order: Order::Priorities,
        arrival_order: ArrivalOrder::Shuffled,
        ..sample()
    };
    assert!(reordered.to_text().contains(orders), "{}", reordered.to_text());
    assert_eq!(
        read(&text.replace(line, &format!("{line}\n{orders}"))).expect("read"),
        reordered
    );
}

#[test]
fn a_plan_file_is_written_whole_and_read_back() {
    let dir = std::env::temp_dir().join(format!("squall-plan-{}", std::process::id()));
    fs::create_dir_all(&dir).unwrap();
    let path = dir.join("calm.toml");
    sample().write(&path).unwrap();
    assert_eq!(Plan::read(&path).unwrap(), sample());
    assert!(
        Plan::<Shop>::read(dir.join("absent.toml"))
            .unwrap_err()
            .to_string()
            .contains("cannot read")
    );
    fs::remove_dir_all(&dir).unwrap();
}
