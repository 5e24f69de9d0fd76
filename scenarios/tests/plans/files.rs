//! Plan files of the login service: what is written is read, and what older builds wrote means what it meant.

use crate::any::{behaviour, own_fault, reminders};
use proptest::{collection::vec, prelude::*, sample::select, strategy::ValueTree, test_runner::TestRunner};
use scenarios::{
    analytics, directory,
    login::Login,
    mail, mailed_code,
    vocabulary::{
        AccessOption, Behaviour, Fault, Mode, Operation, OwnFault, Persistence, Plan, ReminderOption, StoreOption,
        TimedFault, Trigger, WorldOptions,
    },
};
use sim::{
    service::{Behaviour as _, Service, ServiceFault},
    trigger::event_names,
};
use std::{collections::BTreeSet, path::Path};

fn trigger() -> impl Strategy<Value = Option<Trigger>> {
    let event = prop::sample::select(event_names(&Login::world(&WorldOptions::default())));
    let trigger = (event, any::<u32>(), 0..9_999u64);
    prop::option::of(trigger.prop_map(|(event, nth, offset_ms)| Trigger { event, nth, offset_ms }))
}

prop_compose! {
    fn plan()(
        scenario in "[a-z_\"\\\\ #]{0,20}",
        (seed, lasts_ms) in (any::<u64>(), 0..1_000_000u64),
        (replication_ms, replication_late_ppm) in (0..50u64, 0..1_000_001u32),
        (replicas, redis_replicas, sentinels) in (0..9usize, 0..4usize, 0..6usize),
        persistence in prop_oneof![Just(Persistence::None), Just(Persistence::Aof)],
        store in prop_oneof![Just(StoreOption::Redis), Just(StoreOption::Memory)],
        access in select(vec![AccessOption::Open, AccessOption::Guarded, AccessOption::GuardedImplicit]),
        reminders in reminders(),
        operations in vec((0..100_000u64, "[a-zé]{1,8}", behaviour("[a-z]{1,6}", "[a-z]{1,6}")), 0..6),
        faults in vec((0..100_000u64, own_fault(), trigger()), 0..8),
    ) -> Plan {
        let operations = operations.into_iter().map(|(at_ms, who, does)| Operation { at_ms, who, does });
        let faults = faults.into_iter().map(|(at_ms, fault, after)| TimedFault { at_ms, fault: Fault::Own(fault), after });
        Plan {
            world: WorldOptions {
                replication_ms,
                replication_late_ppm,
                replicas,
                redis_replicas,
                sentinels,
                persistence,
                store,
                access,
                reminders,
                ..WorldOptions::default()
            },
            operations: operations.collect(),
            faults: faults.collect(),
            ..Plan::new(scenario, seed, lasts_ms)
        }
    }
}

fn read(text: &str) -> Plan {
    Plan::from_text(text, Path::new("a.toml")).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read(plan in plan()) {
        prop_assert_eq!(read(&plan.to_text()), plan);
    }

    /// A torn file is an error wherever it was torn, and never another plan.
    #[test]
    fn a_torn_file_is_refused(plan in plan(), at in any::<prop::sample::Index>()) {
        let text = plan.to_text();
        let mut at = at.index(text.trim_end().len());
        while !text.is_char_boundary(at) { at -= 1 }
        prop_assert!(Plan::from_text(&text[..at], Path::new("a.toml")).is_err());
    }
}

/// The tests above draw each kind that there is.
#[test]
fn no_behaviour_and_no_fault_is_forgotten() {
    fn drawn<T>(strategy: impl Strategy<Value = T>, kind: impl Fn(&T) -> String) -> BTreeSet<String> {
        let mut runner = TestRunner::deterministic();
        let mut draw = || strategy.new_tree(&mut runner).expect("it can be drawn").current();
        (0..2_000).map(|_| kind(&draw())).collect()
    }
    let set = |kinds: &[&str]| kinds.iter().map(|kind| (*kind).to_owned()).collect::<BTreeSet<_>>();
    let kinds = drawn(behaviour("[a-z]", "[a-z]"), |does| does.kind());
    assert_eq!(kinds, set(<Behaviour as sim::service::Behaviour<Login>>::KINDS));
    let tag = |fault: &OwnFault| {
        serde_json::to_value(fault).expect("JSON")["fault"]
            .as_str()
            .expect("a tag")
            .to_owned()
    };
    assert_eq!(drawn(own_fault(), tag), set(<OwnFault as ServiceFault<Login>>::KINDS));
}

/// As builds wrote it before the harness was one for any service.
const VERSION_1: &str = r#"
version = 1
scenario = "calm_day"
seed = 7
lasts_ms = 60000

[world]
latency_ms_min = 1
latency_ms_max = 5
replication_ms = 1
persistence = "aof"
down_after_ms = 1000
failover_timeout_ms = 10000
quorum = 2
proxy_connect_timeout_ms = 1000
proxy_read_timeout_ms = 5000
fail_timeout_ms = 2000
code_ttl_s = 60
limit_window_s = 60
lease_ms = 10000

[[world.reminders]]
who = "cy"
due_ms = 30000

[[operation]]
at_ms = 1000
who = "ann"
does = "log-in-impatiently"
clicks = 6

[[fault]]
at_ms = 2000
fault = "mail"
manner = { is = "slow", by_ms = 30 }

[[fault]]
at_ms = 2001
fault = "analytics"
manner = { is = "erring" }

[[fault]]
at_ms = 2002
fault = "directory-busy"
lasts_ms = 10

[[fault]]
at_ms = 2003
fault = "directory-io-error"
host = "idp-a"
after_commit = true
lasts_ms = 11

[[fault]]
at_ms = 2004
fault = "directory-slow"
host = "idp-b"
by_ms = 12
lasts_ms = 13

[fault.after]
event = "code stored"
nth = 3
offset_ms = 7

# end of plan
"#;

#[test]
fn a_plan_of_version_1_means_what_it_meant() {
    let at = |ms: u64, fault| TimedFault::at(2000 + ms, fault);
    let own = |ms, fault: OwnFault| at(ms, Fault::Own(fault));
    let slow = Mode::Slow { by_ms: 30 };
    let mut last = at(
        4,
        Fault::DiskSlow {
            host: "idp-b".into(),
            by_ms: 12,
            lasts_ms: 13,
        },
    );
    last.after = Some(Trigger {
        nth: 3,
        offset_ms: 7,
        ..Trigger::at("code stored")
    });
    let error = Fault::DiskError {
        host: "idp-a".into(),
        after_commit: true,
        lasts_ms: 11,
    };
    let expected = Plan {
        world: WorldOptions {
            persistence: Persistence::Aof,
            // what it did not say
            replication_late_ppm: 500_000,
            upstream_keepalive: 0,
            reminders: vec![ReminderOption {
                who: "cy".into(),
                due_ms: 30_000,
            }],
            ..WorldOptions::default()
        },
        operations: vec![Operation {
            at_ms: 1000,
            who: "ann".into(),
            does: mailed_code::Behaviour::LogInImpatiently { clicks: 6 }.into(),
        }],
        faults: vec![
            own(0, mail::Fault::Mail { mode: slow }.into()),
            own(1, analytics::Fault::Analytics { mode: Mode::Failing }.into()),
            own(2, directory::Fault::DirectoryBusy { lasts_ms: 10 }.into()),
            at(3, error),
            last,
        ],
        ..Plan::new("calm_day", 7, 60_000)
    };
    assert_eq!(read(VERSION_1), expected);
    assert_eq!(
        (
            expected.world.replicas,
            expected.world.redis_replicas,
            expected.world.sentinels
        ),
        (2, 1, 3)
    );
}
