//! Plans that make no sense are refused, with the reason.

use scenarios::{
    availability, mailed_code, store,
    vocabulary::{Behaviour, Fault, Operation, Plan, ReminderOption, StoreOption, TimedFault},
};
use sim::nemesis::check;

/// Why a plan is refused that is sound but for this.
fn refused(change: impl FnOnce(&mut Plan)) -> String {
    let mut plan = Plan::new("test", 1, 10_000);
    assert_eq!(check(&plan), Ok(()));
    change(&mut plan);
    check(&plan).expect_err("it makes no sense").to_string()
}

#[test]
fn values_of_the_world_are_checked() {
    type Change = fn(&mut Plan);
    let rows: [(Change, &str); 11] = [
        (|p| p.world.quorum = 4, "world.quorum is 4"),
        (|p| p.world.quorum = 0, "from 1 to 3"),
        (|p| p.world.latency_ms_max = 0, "below world.latency_ms_min"),
        (|p| p.world.code_ttl_s = 0, "world.code_ttl_s is 0"),
        (|p| p.world.lease_ms = 999, "world.lease_ms is 999"),
        (|p| p.world.replication_late_ppm = 1_000_001, "of a million"),
        (|p| p.world.replicas = 9, "from 1 to 8"),
        (|p| p.world.redis_replicas = 3, "1 or 2"),
        (|p| p.world.sentinels = 4, "3 or 5"),
        (|p| p.world.store = StoreOption::Memory, "world.replicas is 2"),
        (
            |p| {
                let who = "ann@x".into();
                p.world.reminders = vec![ReminderOption { who, due_ms: 1 }];
            },
            "world.reminders.who",
        ),
    ];
    for (change, expected) in rows {
        let why = refused(change);
        assert!(why.contains(expected), "{expected:?} is not in {why:?}");
    }
}

#[test]
fn people_and_replicas_are_known_by_names() {
    let does = |who: &str, does: Behaviour| {
        let who = who.to_owned();
        move |plan: &mut Plan| plan.operations = vec![Operation { at_ms: 0, who, does }]
    };
    let peek = mailed_code::Behaviour::PeekAtMail {
        victim: "ben@x".into(),
        after_ms: 1,
    };
    let nowhere = availability::Behaviour::LogInAt {
        replica: "idp-c".into(),
    };
    let no_redis = refused(|plan| {
        (plan.world.store, plan.world.replicas) = (StoreOption::Memory, 1);
        does("operator", store::Behaviour::CheckReplication.into())(plan);
    });
    for (plan, expected) in [
        (no_redis, "there is no Redis in this world"),
        (
            refused(does("ann@x\r\n", mailed_code::Behaviour::LogIn.into())),
            "is no name",
        ),
        (refused(does("eve", peek.into())), "is no name"),
        (refused(does("probe", nowhere.into())), "idp-c"),
    ] {
        assert!(plan.contains(expected), "{expected:?} is not in {plan:?}");
    }
}

#[test]
fn faults_name_hosts_of_this_world() {
    let host = |host: &str| host.to_owned();
    let disk_error = |name| Fault::DiskError {
        host: host(name),
        after_commit: true,
        lasts_ms: 1,
    };
    let too_slow = Fault::DiskSlow {
        host: host("idp-a"),
        by_ms: 10_001,
        lasts_ms: 1,
    };
    let rows = [
        (Fault::Kill { host: host("redis-3") }, "there is no host \"redis-3\""),
        (Fault::Kill { host: host("people") }, "cut their links instead"),
        (disk_error("mail"), "has no database"),
        (too_slow, "has failed"),
    ];
    for (fault, expected) in rows {
        let why = refused(|plan| plan.faults = vec![TimedFault::at(1, fault)]);
        assert!(
            why.contains("fault 1 (") && why.contains(expected),
            "{expected:?} is not in {why:?}"
        );
    }
    let mut developers = Plan::new("test", 1, 10_000);
    (developers.world.store, developers.world.replicas) = (StoreOption::Memory, 1);
    assert_eq!(check(&developers), Ok(()));
    developers.faults = vec![TimedFault::at(1, Fault::Kill { host: host("redis-1") })];
    let why = check(&developers).expect_err("it has no Redis").to_string();
    assert!(why.contains("there is no host \"redis-1\""), "{why}");
    let mut larger = Plan::new("test", 1, 10_000);
    larger.world.redis_replicas = 2;
    larger.faults = vec![TimedFault::at(1, Fault::Kill { host: host("redis-3") })];
    assert_eq!(check(&larger), Ok(()));
}
