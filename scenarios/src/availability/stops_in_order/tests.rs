use super::*;
use crate::{
    exchange,
    property::testing::*,
    scenario::{kill, mail as relay, start, stop},
    vocabulary::{Event, Observation, Seen},
};
use sim::history::INTERRUPTED;
use spec::exchange::{Answer, Request};

/// `idp-a` leads, is asked to end at 20 s, ends at `ended_ms`, and is started again at 26 s.
fn stopped(ended_ms: u64, how: &str) -> Story {
    let ready = |story: Story, at_ms, host: &str, ready| {
        let (host, why) = (host.to_owned(), String::new());
        story.event(at_ms, "host", Event::Ready { host, ready, why })
    };
    let story = ready(Story::new(), 300, "idp-a", true);
    let story = ready(story, 310, "idp-b", true).logged_at(400, "INFO", "leading epoch=1");
    let story = ready(story.fault(20_000, stop("idp-a")), 20_000, "idp-a", false);
    let (host, how) = ("idp-a".to_owned(), how.to_owned());
    let story = story.event(ended_ms, "idp-a", Event::Exit { host, how });
    story.fault(26_000, start("idp-a"))
}

/// The other replica leads at some time.
fn then_leads(mut story: Story, at_ms: u64) -> Story {
    story = story.logged_at(at_ms, "INFO", "leading epoch=2");
    story.operators.log.last_mut().expect("just added").line.host = "idp-b".into();
    story
}

fn sound() -> Story {
    then_leads(stopped(23_000, RETURNED), 22_500)
}

fn asked(story: Story, (sent_ms, ended_ms): (u64, u64), door: &str, answer: Answered) -> Story {
    let request = Box::new(Request {
        path: "/token".into(),
        ..Request::default()
    });
    let (number, door) = (sent_ms, door.to_owned());
    let event = |seen| Event::Own(Observation::Exchange(seen));
    let story = story.event(
        sent_ms,
        "ann",
        event(exchange::Observation::Asked { number, door, request }),
    );
    story.event(
        ended_ms,
        "ann",
        event(exchange::Observation::Answered { number, answer }),
    )
}

fn status(status: u16) -> Answered {
    Answered::With(Box::new(Answer {
        status,
        ..Answer::default()
    }))
}

fn nothing() -> Answered {
    Answered::Unknown("connection lost".into())
}

fn reason(story: Story) -> Result<(), String> {
    story.judged_by(&StopsInOrder).map_err(|violation| violation.reason)
}

#[test]
fn accepts_a_stop_in_order() {
    assert_eq!(reason(sound()), Ok(()));
    assert_eq!(
        reason(asked(sound(), (19_000, 20_500), "balancer", status(200))),
        Ok(())
    );
    assert_eq!(
        reason(asked(
            sound(),
            (21_000, 21_002),
            "idp-a",
            Answered::NotSent("refused".into())
        )),
        Ok(())
    );
    assert_eq!(
        reason(asked(sound(), (19_000, 20_500), "idp-b", nothing())),
        Ok(()),
        "another replica's"
    );
    let left = Answered::GivenUp("it took longer than 100 ms".into());
    assert_eq!(reason(asked(sound(), (19_000, 20_500), "balancer", left)), Ok(()));
}

#[test]
fn rejects_a_process_that_does_not_end_or_is_killed() {
    let late = |ended_ms, how| reason(then_leads(stopped(ended_ms, how), 22_500));
    assert_eq!(late(36_500, RETURNED), Err("does-not-end".into()));
    assert_eq!(late(20_000, "it does not handle SIGTERM"), Err("does-not-end".into()));
    let lost = |story: Story| {
        story.logged_at(
            35_500,
            "ERROR",
            "requests or jobs did not end in time; they are cut off",
        )
    };
    let hangs = asked(
        then_leads(stopped(36_000, RETURNED), 22_500),
        (9_000, 35_600),
        "balancer",
        status(200),
    );
    assert_eq!(reason(lost(hangs)), Ok(()));
}

#[test]
fn whatever_else_is_broken_a_process_ends_in_time_and_says_what_is_lost() {
    let hanging = |story: Story| story.fault(15_000, relay(Mode::Hanging));
    let late = |ended_ms| reason(hanging(then_leads(stopped(ended_ms, RETURNED), 22_500)));
    assert_eq!(late(34_000), Ok(()));
    assert_eq!(late(35_000), Err("loss-untold".into()));
    assert_eq!(late(36_500), Err("does-not-end".into()));
    let pause = |host: &str| Fault::Pause { host: host.into() };
    let paused = |host| reason(then_leads(stopped(38_000, RETURNED), 22_500).fault(21_000, pause(host)));
    assert_eq!(paused("idp-a"), Ok(()));
    assert_eq!(paused("idp-b"), Err("does-not-end".into()));
}

#[test]
fn a_second_request_interrupts_and_excuses_no_more_than_that() {
    let interrupted = || stopped(21_000, INTERRUPTED);
    assert_eq!(reason(interrupted()), Ok(()), "the lease is kept, the mails are lost");
    assert_eq!(
        reason(asked(interrupted(), (20_500, 21_010), "idp-a", nothing())),
        Ok(())
    );
    let before = asked(interrupted(), (19_000, 20_900), "idp-a", nothing());
    assert_eq!(reason(before), Err("cut-off".into()), "it was not interrupted yet");
}

#[test]
fn rejects_what_is_cut_off_and_what_another_could_have_served() {
    for (times, door, answer) in [
        ((19_000, 20_010), "balancer", nothing()),
        ((19_000, 20_010), "balancer", status(502)),
        ((19_000, 20_010), "idp-a", nothing()),
        ((21_000, 21_020), "balancer", status(503)),
        ((21_000, 21_020), "balancer", Answered::NotSent("refused".into())),
    ] {
        let shown = format!("{times:?} {door}");
        assert_eq!(
            reason(asked(sound(), times, door, answer)),
            Err("cut-off".into()),
            "{shown}"
        );
    }
}

#[test]
fn a_moment_and_other_trouble_excuse_and_no_more() {
    for sent_ms in [19_975, 20_010, 21_975, 22_010] {
        let lost = asked(sound(), (sent_ms, sent_ms + 50), "balancer", status(502));
        assert_eq!(reason(lost), Ok(()), "{sent_ms}");
    }
    for sent_ms in [19_974, 20_011, 21_974, 22_011] {
        let lost = asked(sound(), (sent_ms, sent_ms + 60), "balancer", status(502));
        assert_eq!(reason(lost), Err("cut-off".into()), "{sent_ms}");
    }
    let lost = || asked(sound(), (21_000, 21_020), "balancer", status(502));
    assert_eq!(reason(lost().fault(20_500, kill("redis-1"))), Ok(()));
    let slow = relay(Mode::Slow { by_ms: 900 });
    assert_eq!(reason(lost().fault(20_500, slow)), Err("cut-off".into()));
    let long = then_leads(stopped(34_000, RETURNED), 22_500);
    assert_eq!(reason(asked(long, (19_000, 31_000), "balancer", status(504))), Ok(()));
}

#[test]
fn rejects_a_lease_that_is_kept() {
    let leads = |at_ms| reason(then_leads(stopped(23_000, RETURNED), at_ms));
    assert_eq!(leads(24_100), Ok(()));
    assert_eq!(leads(29_000), Err("lease-kept".into()));
    assert_eq!(reason(stopped(23_000, RETURNED)), Err("lease-kept".into()));
    let itself = |story: Story| reason(story.logged_at(21_700, "INFO", "leading epoch=2"));
    assert_eq!(
        itself(stopped(21_500, RETURNED)),
        Err("lease-kept".into()),
        "it has not stopped"
    );
    let at_once = stopped(21_500, RETURNED).logged_at(21_500, "INFO", "stopped");
    assert_eq!(itself(at_once), Ok(()), "it is started again at once");
    let follower =
        stopped(23_000, RETURNED).logged_at(10_000, "WARN", "no longer leading epoch=1 why=the lease ran out");
    assert_eq!(reason(follower), Ok(()));
}

#[test]
fn rejects_a_mail_that_is_lost() {
    let pressed = |at_ms| sound().op((at_ms, at_ms + 20), "ann", send("f1", "ann"), Seen::Ok);
    assert_eq!(reason(pressed(19_000)), Err("no-mail".into()));
    assert_eq!(
        reason(pressed(19_000).event(35_500, "mail", mailed("ann", "c1"))),
        Err("no-mail".into())
    );
    assert_eq!(
        reason(pressed(19_000).event(22_900, "mail", mailed("ann", "c1"))),
        Ok(())
    );
    assert_eq!(
        reason(pressed(19_000).event(19_500, "mail", mailed("ann", "c1"))),
        Ok(())
    );
    assert_eq!(reason(pressed(24_000)), Ok(()), "that waits elsewhere");
    assert_eq!(reason(pressed(19_000).fault(19_500, kill("mail"))), Ok(()));
    let again = pressed(19_000).event(19_500, "mail", mailed("ann", "c1"));
    assert_eq!(
        reason(again.op((19_900, 19_920), "ann", send("f1", "ann"), Seen::Ok)),
        Ok(())
    );
}

#[test]
fn who_says_that_mails_are_lost_has_lost_some() {
    let lost = |story: Story, count: u64| {
        let text = format!("mails are lost, or were sent and not answered mails={count}");
        reason(story.logged_at(22_900, "ERROR", &text))
    };
    let pressed = |story: Story| story.op((19_000, 19_050), "ann", send("f1", "ann"), Seen::Ok);
    assert_eq!(lost(sound(), 1), Err("loss-untrue".into()));
    let story = then_leads(pressed(stopped(23_000, RETURNED)), 22_500);
    assert_eq!(lost(story, 2), Err("loss-untrue".into()));
    // Nobody was promised a mail, and one may be on its way.
    let perhaps = |story: Story| story.op((19_000, 19_050), "ann", send("f1", "ann"), unknown());
    let story = || then_leads(perhaps(stopped(23_000, RETURNED)), 22_500);
    assert_eq!(lost(story(), 1), Ok(()));
    assert_eq!(lost(story(), 2), Err("loss-untrue".into()));
}

#[test]
fn who_says_that_requests_are_cut_off_has_some() {
    let cut = |story: Story| {
        let text = "requests or jobs did not end in time; they are cut off";
        reason(story.logged_at(30_000, "ERROR", text))
    };
    let story = || then_leads(stopped(30_010, RETURNED), 22_500);
    assert_eq!(cut(story()), Err("cuts-off-nothing".into()));
    let answered = asked(story(), (19_990, 20_500), "balancer", status(200));
    assert_eq!(cut(answered), Err("cuts-off-nothing".into()));
    let under_way = asked(story(), (19_990, 30_005), "balancer", status(200));
    assert_eq!(cut(under_way), Ok(()));
    let elsewhere = asked(story(), (25_000, 30_005), "balancer", status(200));
    assert_eq!(cut(elsewhere), Err("cuts-off-nothing".into()));
    let left = asked(story(), (19_990, 20_500), "balancer", Answered::GivenUp("left".into()));
    assert_eq!(cut(left), Ok(()));
    assert_eq!(cut(story().fault(19_000, kill("redis-1"))), Ok(()));
}

#[test]
fn who_is_answered_while_a_replica_ends_is_told_that_the_connection_closes() {
    let answered = |times, door: &str, closes| {
        let answer = Answer {
            status: 200,
            closes,
            ..Answer::default()
        };
        reason(asked(sound(), times, door, Answered::With(Box::new(answer))))
    };
    assert_eq!(answered((19_000, 20_500), "idp-a", false), Err("kept-open".into()));
    assert_eq!(answered((21_000, 21_020), "idp-a", false), Err("kept-open".into()));
    for (times, door, closes) in [
        ((19_000, 20_500), "idp-a", true),
        ((19_000, 20_008), "idp-a", false), // it may have been on its way
        ((25_000, 27_000), "idp-a", false), // it has ended, and was started again
        ((19_000, 20_500), "idp-b", false),
        ((19_000, 20_500), "balancer", false),
    ] {
        assert_eq!(answered(times, door, closes), Ok(()), "{times:?} {door}");
    }
}
