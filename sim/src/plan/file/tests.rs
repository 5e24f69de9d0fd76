use super::*;
use crate::aim::{Aim, Cue};
use crate::fault::{Fault, Manner, TimedFault};
use crate::plan::{Behaviour, Operation, Persistence, ReminderOption, WorldOptions};
use proptest::prelude::*;

fn behaviour() -> impl Strategy<Value = Behaviour> {
    prop_oneof![
        Just(Behaviour::LogIn),
        any::<u32>().prop_map(|clicks| Behaviour::LogInImpatiently { clicks }),
        (0..1_000_000u64, any::<u32>()).prop_map(|(every_ms, looks)| Behaviour::StayLoggedIn { every_ms, looks }),
        Just(Behaviour::RaceCode),
        Just(Behaviour::BurnCode),
        prop::collection::vec(0..100_000u64, 0..4).prop_map(|after_ms| Behaviour::StealCodes { after_ms }),
        ("[a-z]{1,6}", any::<u32>(), 0..9_999u64).prop_map(|(victim, guesses, every_ms)| Behaviour::Guess {
            victim,
            guesses,
            every_ms
        }),
        ("[a-z]{1,6}", any::<u32>(), 0..9_999u64).prop_map(|(victim, sends, every_ms)| Behaviour::Flood {
            victim,
            sends,
            every_ms
        }),
        ("[a-z]{1,6}", 0..99_999u64).prop_map(|(victim, after_ms)| Behaviour::PeekAtMail { victim, after_ms }),
        "[a-z]{1,6}".prop_map(|replica| Behaviour::LogInAt { replica }),
        Just(Behaviour::CheckReplication),
    ]
}

fn fault() -> impl Strategy<Value = Fault> {
    let host = || "[a-z]{1,8}-[0-9]";
    let manner = || {
        prop_oneof![
            Just(Manner::Healthy),
            (0..90_000u64).prop_map(|by_ms| Manner::Slow { by_ms }),
            Just(Manner::Hanging),
            Just(Manner::Erring),
            Just(Manner::Garbage),
        ]
    };
    prop_oneof![
        host().prop_map(|host| Fault::Kill { host }),
        host().prop_map(|host| Fault::PowerLoss { host }),
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
        manner().prop_map(|manner| Fault::Mail { manner }),
        manner().prop_map(|manner| Fault::Analytics { manner }),
        (0..9_999u64).prop_map(|lasts_ms| Fault::DirectoryBusy { lasts_ms }),
        (host(), any::<bool>(), 0..9_999u64).prop_map(|(host, after_commit, lasts_ms)| Fault::DirectoryIoError {
            host,
            after_commit,
            lasts_ms
        }),
        (host(), 0..9_999u64, 0..9_999u64).prop_map(|(host, by_ms, lasts_ms)| Fault::DirectorySlow {
            host,
            by_ms,
            lasts_ms
        }),
        Just(Fault::Heal),
    ]
}

fn aim() -> impl Strategy<Value = Option<Aim>> {
    let cue = prop::sample::select(Cue::all()).prop_map(|name| Cue::named(&name).unwrap());
    let aim = (cue, any::<u32>(), 0..9_999u64);
    prop::option::of(aim.prop_map(|(event, nth, offset_ms)| Aim { event, nth, offset_ms }))
}

prop_compose! {
    fn plan()(
        scenario in "[a-z_\"\\\\ #]{0,20}",
        seed in any::<u64>(),
        lasts_ms in 0..1_000_000u64,
        (replication_ms, replication_late_ppm) in (0..50u64, 0..1_000_001u32),
        persistence in prop_oneof![Just(Persistence::None), Just(Persistence::Aof)],
        reminders in prop::collection::vec(("[a-z]{1,5}", 0..100_000u64), 0..3),
        operations in prop::collection::vec((0..100_000u64, "[a-zé]{1,8}", behaviour()), 0..6),
        faults in prop::collection::vec((0..100_000u64, fault(), aim()), 0..8),
    ) -> Plan {
        Plan {
            version: PLAN_VERSION,
            scenario,
            seed,
            lasts_ms,
            world: WorldOptions {
                replication_ms,
                replication_late_ppm,
                persistence,
                reminders: reminders.into_iter().map(|(who, due_ms)| ReminderOption { who, due_ms }).collect(),
                ..WorldOptions::default()
            },
            operations: operations
                .into_iter()
                .map(|(at_ms, who, does)| Operation { at_ms, who, does })
                .collect(),
            faults: faults.into_iter().map(|(at_ms, fault, after)| TimedFault { at_ms, fault, after }).collect(),
        }
    }
}

fn read(text: &str) -> Result<Plan, PlanFileError> {
    Plan::from_text(text, Path::new("a.toml"))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read(plan in plan()) {
        prop_assert_eq!(read(&plan.to_text()).unwrap(), plan);
    }

    /// A torn file is an error wherever it was torn, and never another plan.
    #[test]
    fn a_torn_file_is_refused(plan in plan(), at in any::<prop::sample::Index>()) {
        let text = plan.to_text();
        let whole = text.trim_end().len();
        let mut at = at.index(whole);
        while !text.is_char_boundary(at) { at -= 1 }
        prop_assert!(read(&text[..at]).is_err());
    }
}

fn sample() -> Plan {
    Plan {
        version: PLAN_VERSION,
        scenario: "calm_day".into(),
        seed: 7,
        lasts_ms: 60_000,
        world: WorldOptions::default(),
        operations: vec![Operation {
            at_ms: 1000,
            who: "ann".into(),
            does: Behaviour::LogIn,
        }],
        faults: vec![TimedFault {
            at_ms: 2000,
            fault: Fault::Mail {
                manner: Manner::Slow { by_ms: 30 },
            },
            after: None,
        }],
    }
}

#[test]
fn errors_say_what_is_wrong_and_where_and_what_to_do() {
    let text = sample().to_text();
    let line_of = |needle: &str| text.lines().position(|l| l.contains(needle)).unwrap() + 1;
    let rows = [
        (
            "version = 1",
            "version = 2",
            "has version 2; this build reads versions up to 1".to_owned(),
        ),
        ("# end of plan", "", "is torn".to_owned()),
        ("seed = 7", "seed = \"seven\"", format!("line {}", line_of("seed = 7"))),
        ("seed = 7", "seed = 7\nspeed = 3", "unknown field `speed`".to_owned()),
        (
            "by_ms = 30",
            "by_ms = 30\nfor_ms = 1",
            "unknown field `for_ms`".to_owned(),
        ),
        (
            "does = \"log-in\"",
            "does = \"log-on\"",
            "unknown variant `log-on`".to_owned(),
        ),
        ("lasts_ms = 60000", "", "missing field `lasts_ms`".to_owned()),
        (
            "scenario = \"calm_day\"",
            "scenario = calm",
            format!("line {}", line_of("scenario")),
        ),
    ];
    for (from, to, expected) in rows {
        assert!(text.contains(from), "{from:?} is not in\n{text}");
        let error = read(&text.replacen(from, to, 1)).expect_err(to).to_string();
        assert!(error.contains(&expected), "{to:?}: {expected:?} is not in {error:?}");
        assert!(error.contains("a.toml"), "{error}");
    }
}

#[test]
fn a_plan_that_says_nothing_of_late_replication_means_what_it_meant() {
    let text = sample().to_text();
    let line = (text.lines().find(|line| line.starts_with("replication_late_ppm"))).expect("it is written");
    let old = read(&text.replace(line, "")).expect("read");
    assert_eq!(old.world.replication_late_ppm, 500_000);
}

#[test]
fn a_plan_file_is_written_whole_and_read_back() {
    let dir = std::env::temp_dir().join(format!("squall-plan-{}", std::process::id()));
    fs::create_dir_all(&dir).unwrap();
    let path = dir.join("calm.toml");
    sample().write(&path).unwrap();
    assert_eq!(Plan::read(&path).unwrap(), sample());
    assert!(
        Plan::read(dir.join("absent.toml"))
            .unwrap_err()
            .to_string()
            .contains("cannot read")
    );
    fs::remove_dir_all(&dir).unwrap();
}
