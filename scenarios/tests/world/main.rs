//! The whole world, with one small person in it who logs in: it works, it is the same each time, and
//! the log changes nothing.

mod names;
mod person;
mod slow;
mod triggers;

use person::people;
use scenarios::{
    analytics, directory, leader,
    login::Login,
    mail, mailed_code,
    people::Op as PeopleOp,
    vocabulary::{
        Event, Evidence, Fault, History, Kind, Mode, Observation, Op, Operation, OwnFault, Plan, Property,
        ReminderOption, Run, Seen, Setup, TimedFault, Violation, WorldOptions,
    },
    world::hosts,
};
use sim::{
    nemesis::PlanError,
    run::{HarnessError, NOTHING_PANICS, perform},
};
use std::sync::Arc;

fn setup() -> Setup {
    Setup {
        people: Some(people()),
        ..Setup::default()
    }
}

fn plan(seed: u64) -> Plan {
    let log_in = |at_ms, who: &str| Operation {
        at_ms,
        who: who.into(),
        does: mailed_code::Behaviour::LogIn.into(),
    };
    Plan {
        world: WorldOptions {
            reminders: vec![ReminderOption {
                who: "cy".into(),
                due_ms: 30_000,
            }],
            ..WorldOptions::default()
        },
        operations: vec![log_in(5000, "ann"), log_in(9000, "bob"), log_in(24_000, "ann")],
        ..Plan::new("a small world", seed, 100_000)
    }
}

fn with_faults(seed: u64) -> Plan {
    let name = |host: &str| host.to_owned();
    let faults = [
        (
            4000,
            Fault::Loss {
                a: name(hosts::PEOPLE),
                b: name(hosts::BALANCER),
                percent: 10,
            },
        ),
        (
            5100,
            Fault::Kill {
                host: name(hosts::IDP_A),
            },
        ),
        (
            6000,
            Fault::Cut {
                a: name(hosts::REDIS_1),
                b: name(hosts::REDIS_2),
            },
        ),
        (
            6500,
            Fault::Start {
                host: name(hosts::IDP_A),
            },
        ),
        (
            8000,
            Fault::PowerLoss {
                host: name(hosts::REDIS_1),
            },
        ),
        (
            9000,
            Fault::Own(OwnFault::Analytics(analytics::Fault::Analytics { mode: Mode::Garbage })),
        ),
        (
            9100,
            Fault::Own(OwnFault::Mail(mail::Fault::Mail { mode: Mode::Failing })),
        ),
        (
            10_000,
            Fault::Pause {
                host: name(hosts::IDP_B),
            },
        ),
        (
            12_000,
            Fault::ClockJump {
                host: name(hosts::SENTINELS[1]),
                by_ms: -3000,
            },
        ),
        (
            13_000,
            Fault::Resume {
                host: name(hosts::IDP_B),
            },
        ),
        (
            13_500,
            Fault::Own(OwnFault::Directory(directory::Fault::DirectoryBusy { lasts_ms: 700 })),
        ),
        (
            14_000,
            Fault::DiskError {
                host: name(hosts::IDP_A),
                after_commit: true,
                lasts_ms: 500,
            },
        ),
        (
            15_000,
            Fault::LatencySpike {
                a: name(hosts::IDP_A),
                b: name(hosts::REDIS_2),
                added_ms: 80,
                lasts_ms: 900,
            },
        ),
        (20_000, Fault::Heal),
    ];
    Plan {
        faults: faults
            .into_iter()
            .map(|(at_ms, fault)| TimedFault::at(at_ms, fault))
            .collect(),
        ..plan(seed)
    }
}

fn logins(history: &History) -> Vec<(String, Seen)> {
    let ended = history.records.iter().filter_map(|record| match &record.event {
        Event::Ended {
            op: Op::People(PeopleOp::LogIn),
            seen,
            ..
        } => Some((record.who.clone(), seen.clone())),
        _ => None,
    });
    ended.collect()
}

fn story(run: &Run) -> String {
    let lines = run
        .history
        .records
        .iter()
        .map(|r| format!("{:>8} {:<11} {:?}\n", r.at_ms, r.who, r.event));
    let log = run
        .log
        .iter()
        .map(|l| format!("{:>8} {:<11} {} {}\n", l.at_ms, l.host, l.level, l.text));
    lines.chain(log).collect()
}

#[test]
fn people_log_in_and_get_their_reminders() {
    let setup = Setup {
        keep_log: true,
        ..setup()
    };
    let run = perform(&plan(1), &setup).unwrap();
    let logins = logins(&run.history);
    assert!(
        logins.len() == 3 && logins.iter().all(|(_, seen)| *seen == Seen::Ok),
        "{}",
        story(&run)
    );
    let mailed = |event: &&Event| matches!(event, Event::Own(Observation::Leader(leader::Observation::ReminderMailed { address, .. })) if address == "cy@example.com");
    let events = run.history.records.iter().map(|record| &record.event);
    assert_eq!(events.filter(mailed).count(), 1, "{}", story(&run));
    assert!(run.violations.is_empty(), "{:?}", run.violations);
    assert!(!run.log.is_empty());
}

#[test]
fn people_log_in_through_faults() {
    let setup = Setup {
        keep_log: true,
        ..setup()
    };
    let run = perform(&with_faults(2), &setup).unwrap();
    assert!(
        logins(&run.history).iter().all(|(_, seen)| *seen == Seen::Ok),
        "{}",
        story(&run)
    );
    let switched = |event: &Event| matches!(event, Event::Sentinel { says, .. } if says.starts_with("+switch-master"));
    assert!(
        run.history.records.iter().any(|record| switched(&record.event)),
        "{}",
        story(&run)
    );
}

#[test]
fn equal_plans_give_equal_runs_with_and_without_a_log() {
    for seed in [3, 4] {
        let plan = with_faults(seed);
        let quiet = perform(&plan, &setup()).unwrap();
        let again = perform(&plan, &setup()).unwrap();
        let loud = Setup {
            keep_log: true,
            log_filter: Some("trace".into()),
            ..setup()
        };
        let loud = perform(&plan, &loud).unwrap();
        for other in [&again, &loud] {
            assert_eq!(quiet.history, other.history);
            assert_eq!(quiet.marks, other.marks);
            assert_eq!(quiet.fingerprint, other.fingerprint);
        }
        assert_ne!(
            perform(&with_faults(seed + 10), &setup()).unwrap().fingerprint,
            quiet.fingerprint
        );
    }
}

#[test]
fn a_process_that_panics_is_a_violation() {
    let setup = Setup {
        people: Some(Arc::new(|_, _, _| Box::pin(async { panic!("no more") }))),
        ..setup()
    };
    let run = perform(&plan(1), &setup).unwrap();
    assert_eq!(run.violations.len(), 1);
    assert_eq!(run.violations[0].property, NOTHING_PANICS);
    assert!(
        run.violations[0].what.contains("people panicked: no more"),
        "{}",
        run.violations[0]
    );
}

struct Broken;
impl Property<Login> for Broken {
    fn name(&self) -> String {
        "Broken".into()
    }
    fn kind(&self) -> Kind {
        Kind::Always
    }
    fn claim(&self) -> String {
        "nothing".into()
    }
    fn check(&self, _: &Evidence<'_>) -> Result<(), Violation> {
        panic!("off by one")
    }
}

#[test]
fn what_is_no_verdict_is_an_error_that_says_so() {
    let setup = Setup {
        properties: vec![Arc::new(Broken)],
        ..setup()
    };
    let quiet = Plan {
        lasts_ms: 100_000,
        operations: vec![],
        ..plan(1)
    };
    let error = perform(&quiet, &setup).expect_err("a broken property");
    assert!(error.to_string().contains("Broken panicked"), "{error}");
    let wrong = Plan {
        faults: vec![TimedFault::at(1, Fault::Kill { host: "redis-3".into() })],
        ..quiet
    };
    let error = perform(&wrong, &setup).expect_err("an unknown host");
    assert!(
        matches!(error, HarnessError::Plan(PlanError::Fault { number: 1, .. })),
        "{error}"
    );
}
