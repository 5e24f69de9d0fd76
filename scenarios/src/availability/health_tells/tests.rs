//! Histories that the property accepts, and that it rejects.

use super::*;
use crate::{
    exchange,
    property::testing::Story,
    scenario::{
        analytics, bad_certificate, clear_behind_starttls, clock_jump, directory_busy, directory_full, disk_fails,
        kill, mail, ms, no_starttls, redis_refuses, relay_password, secs, start,
    },
    vocabulary::{Event, Observation},
};
use sim::tls::Defect;
use spec::exchange::{Answer, Answered, Body, Request};

const LASTS: std::time::Duration = secs(90);
const MAIL_FAILS: &str = "a mail was not sent; trying again cause=not done: refused: 451 no pause_ms=500";
const EVENTS_LOST: &str = "analytics loses events cause=not done: the analytics queue is full";

/// From 10 s on.
fn broken_by(fault: Fault) -> Story {
    Story::new().fault(10_000, fault)
}

fn refuses(story: Story, host: &str, why: Refusal) -> Story {
    story.fault(10_000, redis_refuses(host, why, LASTS))
}

fn both_refuse(why: Refusal) -> Story {
    refuses(refuses(Story::new(), "redis-1", why), "redis-2", why)
}

fn mails_fail() -> Story {
    broken_by(mail(Mode::Hanging)).logged(10_000, MAIL_FAILS, &[])
}

/// In a world where dependencies ask for passwords and TLS, a mail fails because of this.
fn keeps_mails_out(access: AccessOption, fault: Fault) -> Story {
    let mut story = broken_by(fault).logged(10_000, MAIL_FAILS, &[]);
    story.world.access = access;
    story
}

fn expired(host: &str) -> Fault {
    bad_certificate(host, Defect::Expired, LASTS)
}

/// In each something does not work at idp-a from 10 s on: the part.
fn parts() -> Vec<(Story, &'static str)> {
    vec![
        (both_refuse(Refusal::OutOfMemory), "store"),
        (both_refuse(Refusal::TooFewReplicas), "store"),
        (broken_by(directory_full(LASTS)), "directory"),
        (broken_by(directory_busy(LASTS)), "directory"),
        (broken_by(disk_fails("idp-a", LASTS)), "directory"),
        (broken_by(clock_jump("idp-a", -310_000)), "clock"),
        (mails_fail(), "mail"),
        (keeps_mails_out(AccessOption::Guarded, no_starttls(LASTS)), "mail"),
        (
            keeps_mails_out(AccessOption::Guarded, clear_behind_starttls(LASTS)),
            "mail",
        ),
        (
            keeps_mails_out(AccessOption::GuardedImplicit, relay_password(LASTS)),
            "mail",
        ),
        (keeps_mails_out(AccessOption::Guarded, expired("mail")), "mail"),
        (
            broken_by(analytics(Mode::Failing)).logged(10_000, EVENTS_LOST, &[]),
            "analytics",
        ),
    ]
}

/// Somebody asks idp-a for its health, and is told these reasons a millisecond later.
fn gives(story: Story, at_ms: u64, reasons: &[&str]) -> Story {
    let exchange = |seen| Event::Own(Observation::Exchange(seen));
    let request = Request {
        method: "GET".into(),
        path: "/health".into(),
        ..Request::default()
    };
    let asked = exchange::Observation::Asked {
        number: at_ms,
        door: "idp-a:9090".into(),
        request: Box::new(request),
    };
    let answer = Answer {
        status: 200,
        body: Body::Json(serde_json::json!({ "replica": "idp-a", "reasons": reasons })),
        ..Answer::default()
    };
    let answered = exchange::Observation::Answered {
        number: at_ms,
        answer: Answered::With(Box::new(answer)),
    };
    story
        .event(at_ms, "monitor", exchange(asked))
        .event(at_ms + 1, "monitor", exchange(answered))
}

fn accepts(story: Story) {
    assert_eq!(story.judged_by(&HealthTells), Ok(()));
}

fn rejects(story: Story, reason: &str) {
    assert_eq!(story.judged_by(&HealthTells).unwrap_err().reason, reason);
}

#[test]
fn rejects_a_part_that_is_not_named() {
    for (n, (_, part)) in parts().into_iter().enumerate() {
        let story = || parts().swap_remove(n).0;
        let untold = format!("{part}-untold");
        rejects(gives(story(), 13_000, &[]), &untold);
        rejects(gives(story(), 13_000, &["another: does not work"]), &untold);
        rejects(gives(story(), 13_000, &[&format!("{part}s: do not work")]), &untold);
        rejects(gives(story(), 19_000, &[]), &untold);
    }
}

#[test]
fn accepts_a_part_that_is_named_or_need_not_be_yet_or_no_longer() {
    for (n, (_, part)) in parts().into_iter().enumerate() {
        let story = || parts().swap_remove(n).0;
        let named = format!("{part}: does not work");
        let told = gives(story(), 13_000, &["another: does not work", &named]);
        assert_eq!(told.tally(&HealthTells), (1, vec![]), "it is judged");
        accepts(gives(story(), 12_999, &[]));
        accepts(gives(story().fault(20_000, Fault::Heal), 20_000, &[]));
    }
}

#[test]
fn accepts_what_may_work_all_the_same() {
    let hook_fails = || broken_by(analytics(Mode::Failing));
    for story in [
        refuses(Story::new(), "redis-1", Refusal::OutOfMemory),
        both_refuse(Refusal::Password),
        both_refuse(Refusal::OutOfMemory).fault(12_000, kill("redis-2")),
        broken_by(disk_fails("idp-b", LASTS)),
        broken_by(sim::scenario::acknowledgement_lost("idp-a", LASTS)),
        broken_by(mail(Mode::Hanging)),
        hook_fails(),
        broken_by(mail(Mode::Slow { by_ms: 30_000 })).logged(10_000, MAIL_FAILS, &[]),
        Story::new().logged(10_000, MAIL_FAILS, &[]),
        Story::new().logged(10_000, EVENTS_LOST, &[]),
        mails_fail().fault(12_000, mail(Mode::Slow { by_ms: 500 })),
        keeps_mails_out(AccessOption::Open, no_starttls(LASTS)),
        keeps_mails_out(AccessOption::Open, relay_password(LASTS)),
        keeps_mails_out(AccessOption::GuardedImplicit, no_starttls(LASTS)),
        keeps_mails_out(AccessOption::Guarded, expired("redis-1")),
        hook_fails()
            .logged(10_000, EVENTS_LOST, &[])
            .fault(12_000, analytics(Mode::Healthy)),
    ] {
        assert_eq!(gives(story, 15_000, &[]).tally(&HealthTells), (0, vec![]));
    }
}

#[test]
fn a_disk_that_hangs_is_told_once_a_commit_has_taken_too_long() {
    let slow = |by_s| broken_by(sim::scenario::disk_slow("idp-a", secs(by_s), LASTS));
    rejects(gives(slow(5), 14_000, &[]), "directory-untold");
    accepts(gives(slow(5), 14_000, &["directory: its disk hangs"]));
    for story in [gives(slow(5), 13_999, &[]), gives(slow(4), 14_000, &[])] {
        assert_eq!(story.tally(&HealthTells), (0, vec![]));
    }
}

#[test]
fn a_mail_that_is_refused_for_good_is_no_trouble_and_ends_it() {
    let refused = "a mail was not sent; giving up cause=not done: refused for good: 550 gone";
    let given_up = "a mail was not sent; giving up cause=not done: refused: 451 no";
    let after = |story: Story, line| gives(story.logged(12_000, line, &[]), 15_000, &[]);
    accepts(after(broken_by(mail(Mode::Failing)), refused));
    accepts(after(mails_fail(), refused));
    rejects(after(broken_by(mail(Mode::Failing)), given_up), "mail-untold");
}

#[test]
fn what_happens_on_the_way_to_the_relay_and_its_mode_do_not_end_each_other() {
    rejects(
        gives(mails_fail().fault(12_000, no_starttls(ms(500))), 15_000, &[]),
        "mail-untold",
    );
    let hidden = keeps_mails_out(AccessOption::Guarded, no_starttls(LASTS));
    rejects(
        gives(hidden.fault(12_000, mail(Mode::Healthy)), 15_000, &[]),
        "mail-untold",
    );
}

#[test]
fn the_last_failure_is_told_for_a_minute() {
    rejects(gives(mails_fail(), 69_000, &[]), "mail-untold");
    accepts(gives(mails_fail(), 70_000, &[]));
    let again = mails_fail().logged(69_000, MAIL_FAILS, &[]);
    rejects(gives(again, 72_000, &[]), "mail-untold");
}

#[test]
fn a_replica_that_was_killed_is_spared_until_it_has_started() {
    let killed = |host: &str| {
        let story = broken_by(directory_full(LASTS)).fault(12_000, kill(host));
        story.fault(20_000, start(host))
    };
    let spared = (0, vec![("the replica itself was in trouble".into(), 1, 1)]);
    assert_eq!(gives(killed("idp-a"), 14_000, &[]).tally(&HealthTells), spared);
    assert_eq!(gives(killed("idp-a"), 26_000, &[]).tally(&HealthTells), spared);
    rejects(gives(killed("idp-a"), 26_001, &[]), "directory-untold");
    rejects(gives(killed("idp-b"), 14_000, &[]), "directory-untold");
    let repaired = broken_by(directory_full(LASTS)).fault(14_000, start("idp-a"));
    rejects(gives(repaired, 14_500, &[]), "directory-untold");
}

#[test]
fn whoever_has_a_wrong_clock_does_not_begin_to_lead() {
    let led = |host: &str, by_ms, at_ms| {
        let wrong = Story::new().fault(10_000, clock_jump(host, by_ms));
        let led = wrong.logged_at(at_ms, "INFO", "leading epoch=1");
        led.judged_by(&HealthTells).map_err(|violation| violation.reason)
    };
    let wrongly = Err("leads-by-a-wrong-clock".to_owned());
    assert_eq!(led("idp-a", 310_000, 13_000), wrongly);
    assert_eq!(led("idp-a", -310_000, 13_000), wrongly);
    assert_eq!(led("idp-a", 310_000, 12_999), Ok(()), "it has not looked yet");
    assert_eq!(led("idp-a", 290_000, 13_000), Ok(()));
    assert_eq!(led("idp-b", 310_000, 13_000), Ok(()), "that leads elsewhere");
}
