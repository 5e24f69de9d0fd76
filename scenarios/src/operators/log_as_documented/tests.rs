//! Lines that the property accepts, and that it rejects.

use super::*;
use crate::{
    directory,
    property::testing::*,
    scenario::{analytics, directory_busy, directory_full, disk_fails, kill, mail, ms, no_descriptors, pause},
    vocabulary::{Mode, OwnFault},
};

fn story(lines: &[(u64, &'static str, &str)]) -> Story {
    let mut story = Story::new().fault(1000, Fault::Kill { host: "redis-1".into() });
    for (at_ms, level, text) in lines {
        story = story.logged_at(*at_ms, level, text);
    }
    story
}

#[test]
fn accepts_what_a_replica_says() {
    let story = story(&[
        (900, "INFO", "ready"),
        (950, "INFO", "leading epoch=1"),
        (
            2000,
            "WARN",
            "something is wrong reasons=store: no sentinel names a master ready=true",
        ),
        (
            4000,
            "WARN",
            "something is wrong reasons=store: no sentinel names a master ready=true",
        ),
        (5000, "WARN", "no longer leading epoch=1 why=the lease ran out"),
        (
            8000,
            "ERROR",
            "degraded: closing the port for logins reasons=store: the store took longer than 800 ms; directory: the directory is locked",
        ),
        (
            8000,
            "ERROR",
            "degraded: closing the port for accounts reasons=directory: the directory is locked",
        ),
        (9000, "INFO", "recovered: opening the port for logins again"),
        (9000, "INFO", "recovered: opening the port for accounts again"),
        (9000, "INFO", "leading epoch=2"),
        (
            9450,
            "WARN",
            "the store did not answer as it should cause=outcome unknown: connection lost: EOF",
        ),
        (
            9500,
            "WARN",
            "refused correlation=0a1b0a1b0a1b0a1b method=POST path=/login/send status=503 error=temporarily-unavailable cause=counting mails: outcome unknown: connection lost: redis: EOF",
        ),
    ]);
    let busy = directory::Fault::DirectoryBusy { lasts_ms: 5000 };
    let story = story.fault(1000, Fault::Own(OwnFault::Directory(busy)));
    assert_eq!(story.judged_by(&LogAsDocumented), Ok(()));
}

const NO_PORT: &str =
    "ready, but the port cannot be opened; trying again port=8080 error=Too many open files (os error 24)";
const NO_KEYS: &str = "keys cannot be loaded yet; trying again cause=not done: the directory is locked";

/// What is tried again is told again after its pause, each port by itself; and events are lost again after they were taken.
#[test]
fn accepts_what_is_told_again() {
    let refuses =
        |port: u16| format!("no connection could be accepted port={port} error=Too many open files (os error 24)");
    let loses = "analytics loses events cause=not done: the analytics queue is full";
    let (people, operators) = (refuses(8080), refuses(9090));
    let told = [
        (2000, "ERROR", NO_PORT),
        (3000, "ERROR", NO_PORT),
        (4000, "WARN", &people),
        (4050, "WARN", &operators),
        (4100, "WARN", &people),
        (4200, "WARN", loses),
        (4300, "WARN", "the analytics hook takes events again lost=2"),
        (4400, "WARN", loses),
    ];
    let story = story(&told)
        .fault(1000, no_descriptors("idp-a", ms(5000)))
        .fault(1000, analytics(Mode::Failing));
    assert_eq!(story.judged_by(&LogAsDocumented), Ok(()));
}

#[test]
fn rejects_each_kind_of_wrong_line() {
    let wrong = "something is wrong reasons=store: no sentinel names a master ready=true";
    let refused = |cause: &str| {
        format!(
            "refused correlation=0a1b0a1b0a1b0a1b method=POST path=/login/send status=503 error=temporarily-unavailable cause={cause}"
        )
    };
    for (lines, reason) in [
        (vec![(2000, "INFO", "all is well")], "undocumented-line"),
        (vec![(2000, "WARN", "ready")], "undocumented-line"),
        (
            vec![
                (2000, "INFO", "ready"),
                (2001, "WARN", "something is wrong reasons=store: xyzzy ready=true"),
            ],
            "undocumented-line",
        ),
        (
            vec![
                (2000, "INFO", "ready"),
                (
                    2001,
                    "WARN",
                    "something is wrong reasons=directory: no sentinel names a master ready=true",
                ),
            ],
            "undocumented-line",
        ),
        (
            vec![(
                2000,
                "WARN",
                &refused("ending the session: not done: the directory is locked")[..],
            )],
            "undocumented-line",
        ),
        (
            vec![(
                2000,
                "WARN",
                &refused("counting mails: not done: the directory is locked")[..],
            )],
            "undocumented-line",
        ),
        (
            vec![(
                2000,
                "WARN",
                "the lease was not renewed cause=no sentinel names a master",
            )],
            "undocumented-line",
        ),
        (vec![(2000, "WARN", wrong)], "not-its-state"),
        (
            vec![(2000, "INFO", "ready"), (2001, "WARN", wrong), (3001, "WARN", wrong)],
            "told-twice",
        ),
        (vec![(2000, "INFO", "ready"), (2001, "INFO", "ready")], "ready-twice"),
        (
            vec![(2000, "INFO", "stopping"), (2001, "INFO", "stopping")],
            "stopping-twice",
        ),
        (vec![(2000, "INFO", "stopped")], "stopped-at-once"),
        (
            vec![
                (2000, "INFO", "stopping"),
                (
                    11_999,
                    "ERROR",
                    "requests or jobs did not end in time; they are cut off",
                ),
            ],
            "cut-off-early",
        ),
        (
            vec![
                (2000, "INFO", "leading epoch=1"),
                (2001, "INFO", "stopping"),
                (2002, "INFO", "stopped"),
            ],
            "led-to-the-end",
        ),
        (
            vec![(2000, "INFO", "recovered: opening the port for logins again")],
            "not-degraded",
        ),
        (
            vec![(2000, "INFO", "recovered: opening the port for accounts again")],
            "not-degraded",
        ),
        (
            vec![(2000, "INFO", "ready for accounts, and not for logins"); 2],
            "accounts-twice",
        ),
        (
            vec![
                (2000, "INFO", "ready"),
                (
                    3000,
                    "ERROR",
                    "degraded: closing the port for accounts reasons=directory: the directory is locked",
                ),
                (4000, "INFO", "ready for accounts, and not for logins"),
            ],
            "accounts-twice",
        ),
        (
            vec![(
                2000,
                "ERROR",
                "degraded: closing the port for logins reasons=store: no sentinel names a master",
            )],
            "degraded-twice",
        ),
        (
            vec![(2000, "INFO", "leading epoch=1"), (2001, "INFO", "leading epoch=2")],
            "leads-twice",
        ),
        (
            vec![
                (2000, "INFO", "leading epoch=1"),
                (2001, "WARN", "no longer leading epoch=1 why=the lease ran out"),
                (2002, "INFO", "leading epoch=1"),
            ],
            "epoch-twice",
        ),
        (
            vec![
                (
                    2000,
                    "WARN",
                    "the store did not answer as it should cause=outcome unknown: connection lost: EOF",
                ),
                (
                    2000,
                    "WARN",
                    &refused("counting mails: not done: connection lost: redis: EOF")[..],
                ),
            ],
            "doubt-denied",
        ),
        (
            vec![(2000, "WARN", "no longer leading epoch=1 why=the lease ran out")],
            "did-not-lead",
        ),
        (
            vec![(2000, "WARN", "the analytics hook takes events again lost=3")],
            "lost-nothing",
        ),
        (
            vec![
                (
                    2000,
                    "WARN",
                    "analytics loses events cause=not done: the analytics queue is full",
                ),
                (2001, "WARN", "the analytics hook takes events again lost=0"),
            ],
            "lost-nothing",
        ),
        (
            vec![(2000, "ERROR", "mails are lost, or were sent and not answered mails=0")],
            "lost-nothing",
        ),
        (vec![(2000, "WARN", "analytics has lost events lost=0")], "lost-nothing"),
        (
            vec![(2000, "ERROR", NO_PORT), (2999, "ERROR", NO_PORT)],
            "tried-too-soon",
        ),
        (
            vec![(2000, "ERROR", NO_KEYS), (2999, "ERROR", NO_KEYS)],
            "tried-too-soon",
        ),
        (
            vec![
                (
                    2000,
                    "WARN",
                    "analytics loses events cause=not done: the analytics queue is full",
                ),
                (
                    2001,
                    "WARN",
                    "analytics loses events cause=not done: the analytics queue is full",
                ),
            ],
            "loses-twice",
        ),
        (
            vec![
                (
                    2000,
                    "WARN",
                    "no connection could be accepted port=9090 error=Too many open files (os error 24)",
                ),
                (
                    2099,
                    "WARN",
                    "no connection could be accepted port=9090 error=Too many open files (os error 24)",
                ),
            ],
            "tried-too-soon",
        ),
        (
            vec![(
                2000,
                "WARN",
                "no connection could be accepted port=9090 error=Too many open files (os error 24)",
            )],
            "blames-what-works",
        ),
        (
            vec![(2000, "WARN", "the directory stayed locked waited_ms=1000")],
            "blames-what-works",
        ),
        (
            vec![(
                2000,
                "WARN",
                "the directory failed cause=not done: the directory failed: disk I/O error",
            )],
            "blames-what-works",
        ),
        (
            vec![(
                500,
                "WARN",
                "the lease was not renewed cause=not done: no sentinel names a master",
            )],
            "blames-what-works",
        ),
    ] {
        let violation = story(&lines).judged_by(&LogAsDocumented).unwrap_err();
        assert_eq!(violation.reason, reason, "{lines:?}");
    }
}

#[test]
fn how_the_directory_fails_is_told_as_it_is() {
    let disk = |after_commit| Fault::DiskError {
        host: "idp-a".into(),
        after_commit,
        lasts_ms: 500,
    };
    let failed = |after_commit, outcome: &str| {
        let line = format!("the directory failed cause={outcome}: the directory failed: disk I/O error");
        let story = Story::new().fault(1000, disk(after_commit)).logged(1200, &line, &[]);
        story.judged_by(&LogAsDocumented).is_ok()
    };
    assert!(failed(true, "outcome unknown") && failed(false, "not done"));
    assert!(!failed(true, "not done") && !failed(false, "outcome unknown"));
    // A commit that is under way when the files are deleted, and no other one.
    let deleted = |at_ms, outcome: &str, slow| {
        let line = format!("the directory failed cause={outcome}: the directory's files were deleted or replaced");
        let story = match slow {
            false => Story::new(),
            true => Story::new().fault(900, crate::scenario::disk_slow("idp-a", ms(800), ms(500))),
        };
        let story = story
            .fault(1000, crate::scenario::directory_log_deleted())
            .logged(at_ms, &line, &[]);
        story.judged_by(&LogAsDocumented).is_ok()
    };
    assert!(deleted(9000, "not done", false) && deleted(1050, "outcome unknown", false));
    assert!(!deleted(1051, "outcome unknown", false), "nothing takes so long");
    assert!(deleted(1850, "outcome unknown", true) && !deleted(1851, "outcome unknown", true));
    let locked = |at_ms| {
        let busy = directory::Fault::DirectoryBusy { lasts_ms: 1500 };
        let story = Story::new().fault(1000, Fault::Own(OwnFault::Directory(busy)));
        let story = story.logged(at_ms, "the directory stayed locked waited_ms=1000", &[]);
        story.judged_by(&LogAsDocumented).is_ok()
    };
    assert!(locked(2000) && locked(2500));
    assert!(!locked(1300), "it had not waited for so long");
    assert!(!locked(4000), "the lock was free");
    let slow = |at_ms| {
        let slow = sim::scenario::disk_slow("idp-b", ms(400), ms(1000));
        let story = Story::new().fault(1000, slow);
        let story = story.logged(at_ms, "the directory stayed locked waited_ms=1000", &[]);
        story.judged_by(&LogAsDocumented).is_ok()
    };
    assert!(slow(2500) && slow(3400));
    assert!(!slow(3600), "the disk has been fast for longer than that");
}

#[test]
fn a_process_lacks_descriptors_only_while_it_does() {
    for line in [
        "no connection could be accepted port=9090 error=Too many open files (os error 24)",
        "ready, but the port cannot be opened; trying again port=8080 error=Too many open files (os error 24)",
    ] {
        let level = if line.starts_with("ready") { "ERROR" } else { "WARN" };
        let told = |at_ms, host| {
            let story = Story::new().fault(1000, no_descriptors(host, ms(500)));
            story.logged_at(at_ms, level, line)
        };
        assert_eq!(told(1500, "idp-a").judged_by(&LogAsDocumented), Ok(()), "{line}");
        let healed = told(1400, "idp-a").fault(1300, Fault::Heal);
        for wrong in [told(1501, "idp-a"), told(999, "idp-a"), told(1500, "idp-b"), healed] {
            let violation = wrong.judged_by(&LogAsDocumented).unwrap_err();
            assert_eq!(violation.reason, "blames-what-works", "{line}");
        }
    }
}

#[test]
fn a_request_without_a_client_is_dropped_for_what_has_no_deadline() {
    let dropped = "a request without a client did not end; it is dropped where it stands";
    let told = |fault| {
        let story = Story::new().fault(1000, fault).logged_at(40_000, "ERROR", dropped);
        story.judged_by(&LogAsDocumented).is_ok()
    };
    assert!(told(pause("idp-a")));
    assert!(!told(kill("redis-1")));
    assert!(!told(directory_busy(ms(30_000))));
}

#[test]
fn a_full_disk_is_blamed_if_it_is_full() {
    let full = "the directory failed cause=not done: the directory's disk is full";
    let told = |fault| {
        let story = Story::new().fault(1000, fault).logged(1200, full, &[]);
        story.judged_by(&LogAsDocumented).is_ok()
    };
    assert!(told(directory_full(ms(500))));
    assert!(!told(directory_busy(ms(500))));
    assert!(!told(disk_fails("idp-a", ms(500))));
}

#[test]
fn analytics_loses_events_by_what_touches_the_hook_or_the_replica() {
    for cause in [
        "not done: the analytics queue is full",
        "outcome unknown: the answer took longer than 2 s",
    ] {
        let told = |fault| {
            let line = format!("analytics loses events cause={cause}");
            let story = Story::new().fault(1000, fault).logged(1200, &line, &[]);
            story.judged_by(&LogAsDocumented).is_ok()
        };
        assert!(told(analytics(Mode::Failing)) && told(pause("idp-a")), "{cause}");
        assert!(told(no_descriptors("idp-a", ms(500))), "{cause}");
        assert!(!told(kill("redis-1")) && !told(mail(Mode::Failing)), "{cause}");
        assert!(!told(directory_full(ms(500))), "{cause}");
    }
}

#[test]
fn a_hook_that_was_reached_may_have_the_event() {
    let told = |fault| {
        let line = "analytics loses events cause=not done: the answer took longer than 2 s";
        let story = Story::new().fault(1000, fault).logged(4000, line, &[]);
        story.judged_by(&LogAsDocumented).is_ok()
    };
    assert!(!told(analytics(Mode::Hanging)));
    assert!(told(pause("idp-a")) && told(no_descriptors("idp-a", ms(500))));
}

#[test]
fn a_cause_that_is_never_in_doubt_is_not_told_as_if_it_were() {
    let waits = |cause: &str| {
        let busy = directory::Fault::DirectoryBusy { lasts_ms: 5000 };
        let story = Story::new().fault(1000, Fault::Own(OwnFault::Directory(busy)));
        let story = story.logged(2000, &format!("reminders have to wait cause={cause}"), &[]);
        story.judged_by(&LogAsDocumented).map_err(|violation| violation.reason)
    };
    assert_eq!(waits("not done: the directory is locked"), Ok(()));
    let undocumented = Err("undocumented-line".to_owned());
    assert_eq!(waits("outcome unknown: the directory is locked"), undocumented);
    assert_eq!(
        waits("not done: connection lost: redis: EOF"),
        undocumented,
        "of another part"
    );
}

#[test]
fn what_the_supervisor_says_is_not_the_service_s() {
    let said = |text: &str| Story::new().logged(500, text, &[]).judged_by(&LogAsDocumented);
    assert_eq!(said("the replica could not start why=the port is taken"), Ok(()));
    assert!(said("the replica would not start why=the port is taken").is_err());
}

#[test]
fn a_new_process_begins_anew() {
    let again = story(&[(500, "INFO", "ready"), (3000, "INFO", "ready")]);
    let killed = again.fault(2000, Fault::Kill { host: "idp-a".into() });
    assert_eq!(killed.judged_by(&LogAsDocumented), Ok(()));
    let stopped = story(&[(500, "INFO", "ready"), (3000, "INFO", "ready")]);
    let (host, how) = ("idp-a".to_owned(), "exit status: 1".to_owned());
    let stopped = stopped.event(2000, "idp-a", Event::Exit { host, how });
    assert_eq!(stopped.judged_by(&LogAsDocumented), Ok(()));
    // In one millisecond: the old process said so, was killed, and the new one says so, once.
    let at_once = |lines: &[(u64, &'static str, &str)]| {
        let killed = story(lines).fault(500, Fault::Kill { host: "idp-a".into() });
        killed.judged_by(&LogAsDocumented).is_ok()
    };
    assert!(at_once(&[(400, "INFO", "ready"), (500, "INFO", "ready")]));
    assert!(!at_once(&[
        (400, "INFO", "ready"),
        (500, "INFO", "ready"),
        (600, "INFO", "ready")
    ]));
}
