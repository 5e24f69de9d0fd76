use super::*;
use crate::{config::StateConfig, store::testing::Fixture};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream},
    time::{Instant, timeout},
};

fn outbox(fixture: &Fixture, slots: usize) -> Outbox {
    fixture.clock.follow_tokio();
    let mut config = Config::new("idp-a", "https://login.example", StateConfig::Memory);
    config.limits.outbox = slots;
    config.mail_from = "login@login.example".into();
    Outbox::new(fixture.env("idp-a"), &config, ("mail".into(), 25))
}

fn code(to: &str) -> Mail {
    Mail {
        to: to.into(),
        subject: Subject::Code {
            code: "123456".into(),
            client: "Wiki".into(),
            service: "login.example".into(),
            minutes: 10,
        },
        is_decoy: false,
    }
}

fn reminder() -> Mail {
    Mail {
        to: "ann@example.com".into(),
        subject: Subject::Reminder {
            id: "r-1".into(),
            text: "Water\nBcc: thief@example.com".into(),
            due: crate::store::testing::START,
        },
        is_decoy: false,
    }
}

/// One SMTP conversation. Answers `at_data` to DATA and `at_end` to the final dot; none means
/// silence. Returns the message, if one came.
async fn converse(stream: DuplexStream, at_data: Option<&str>, at_end: Option<&str>) -> Option<String> {
    let mut stream = BufReader::new(stream);
    let mut message = None;
    let mut answer = Some("220 mail ready");
    loop {
        match answer {
            Some(text) => stream.write_all(format!("{text}\r\n").as_bytes()).await.ok()?,
            None => std::future::pending().await,
        }
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return message;
        }
        answer = match line.split_whitespace().next() {
            Some("EHLO") => Some("250 mail"),
            Some("DATA") => at_data,
            Some("QUIT") => return message,
            _ => Some("250 ok"),
        };
        if line.starts_with("DATA") && at_data.is_some_and(|a| a.starts_with("354")) {
            stream.write_all(b"354 go on\r\n").await.ok()?;
            let mut text = String::new();
            while !text.ends_with("\r\n.\r\n") {
                stream.read_line(&mut text).await.ok()?;
            }
            message = Some(text);
            answer = at_end;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_code_arrives_as_plain_text() {
    let fixture = Fixture::new();
    let mut relay = fixture.network.serve("mail");
    let outbox = outbox(&fixture, 8);
    outbox.enqueue(code("ann@example.com")).await.unwrap();
    let message = converse(relay.recv().await.unwrap(), Some("354"), Some("250 taken")).await;
    let message = message.expect("a message");
    assert!(message.contains("\r\nYour login code is 123456\r\n"), "{message}");
    let whither = "\r\nType it at login.example to go on to Wiki.\r\n";
    assert!(message.contains(whither), "{message}");
    assert!(message.contains("To: ann@example.com\r\n"), "{message}");
    assert!(message.contains("From: login@login.example\r\n"), "{message}");
    assert!(message.contains("Content-Transfer-Encoding: 7bit\r\n"), "{message}");
    assert!(
        message.contains("Date: Mon, 21 Sep 2026 14:13:20 +0000\r\n"),
        "from our clock: {message}"
    );
    assert!(message.contains("Message-ID: <"), "{message}");
}

#[tokio::test(start_paused = true)]
async fn a_reminder_names_itself_and_smuggles_no_header() {
    let fixture = Fixture::new();
    let mut relay = fixture.network.serve("mail");
    let outbox = outbox(&fixture, 8);
    let conversation = async { converse(relay.recv().await.unwrap(), Some("354"), Some("250 taken")).await };
    let (sent, message) = tokio::join!(outbox.deliver(reminder()), conversation);
    assert_eq!(sent, Ok(()));
    let message = message.expect("a message");
    let (head, body) = message.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("Message-ID: <r-1@login.example>"), "{head}");
    assert!(head.contains("X-Reminder-Due: 1790000000000"), "{head}");
    assert!(!head.contains("Bcc"), "{head}");
    assert!(body.contains("Bcc: thief"), "{body}");
    let smuggled = outbox.deliver(code("ann@example.com\r\nBcc: thief@example.com")).await;
    assert!(
        matches!(smuggled, Err(Failure::Fail(Cause::RefusedForGood(_)))),
        "{smuggled:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn the_final_dot_divides_fail_from_unknown() {
    let fixture = Fixture::new();
    let outbox = outbox(&fixture, 8);
    let unreachable = outbox.deliver(reminder()).await;
    assert!(
        matches!(unreachable, Err(Failure::Fail(Cause::Unreachable(_)))),
        "{unreachable:?}"
    );

    let mut relay = fixture.network.serve("mail");
    for (at_data, at_end, unknown) in [
        (None, None, false),                          // silent before the message
        (Some("451 later"), None, false),             // refused before the message
        (Some("354"), Some("451 later"), false),      // refused after it: an answer is an answer
        (Some("354"), None, true),                    // silent after it
        (Some("354"), Some("gibberish \u{1}"), true), // answered what nobody understands
    ] {
        let conversation = async {
            let stream = relay.recv().await.unwrap();
            timeout(Duration::from_secs(20), converse(stream, at_data, at_end)).await
        };
        let (sent, _) = tokio::join!(outbox.deliver(reminder()), conversation);
        let failure = sent.expect_err("not sent");
        assert_eq!(failure.is_unknown(), unknown, "{at_data:?} {at_end:?}: {failure:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_a_hanging_relay_and_the_outbox_is_bounded() {
    let fixture = Fixture::new();
    let mut hanging = fixture.network.serve("mail");
    let outbox = outbox(&fixture, 6);
    let began = Instant::now();
    for n in 0..6 {
        outbox.enqueue(code(&format!("p{n}@example.com"))).await.unwrap();
    }
    let refused = outbox.enqueue(code("late@example.com")).await;
    assert_eq!(refused, Err(Failure::Fail(Cause::Full("outbox"))));
    assert_eq!(began.elapsed(), Duration::ZERO);
    assert_eq!(fixture.marks.seen("outbox full"), 1);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut connections = vec![];
    while let Ok(stream) = hanging.try_recv() {
        connections.push(stream);
    }
    assert_eq!(connections.len(), IN_FLIGHT_MAX);
}

/// Whether somebody has an address is nobody's business: a full outbox refuses both, and time tells nothing either.
#[tokio::test(start_paused = true)]
async fn a_decoy_is_refused_as_a_mail_is_and_goes_nowhere() {
    let fixture = Fixture::new();
    let mut relay = fixture.network.serve("mail");
    let outbox = outbox(&fixture, 1);
    let decoy = |to: &str| Mail {
        is_decoy: true,
        ..code(to)
    };
    assert_eq!(outbox.enqueue(decoy("nobody@example.com")).await, Ok(()));
    assert_eq!(
        outbox.enqueue(decoy("no..body@example.com")).await,
        Ok(()),
        "nobody can have it"
    );
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(relay.try_recv().is_err(), "nothing is sent");
    outbox.enqueue(code("ann@example.com")).await.unwrap();
    let full = Err(Failure::Fail(Cause::Full("outbox")));
    assert_eq!(outbox.enqueue(code("bob@example.com")).await, full);
    assert_eq!(outbox.enqueue(decoy("nobody@example.com")).await, full);
}

#[tokio::test(start_paused = true)]
async fn what_the_relay_says_of_the_mail_is_final_and_what_it_says_of_us_is_not() {
    for (reply, is_final) in [
        ("550 5.1.1 No such user", true),
        ("552 5.2.2 Mailbox full", true),
        ("550 No such user", true),
        ("550 5.7.1 Relaying denied", false),
        ("451 4.3.0 Later", false),
    ] {
        let fixture = Fixture::new();
        let outbox = outbox(&fixture, 8);
        let mut relay = fixture.network.serve("mail");
        outbox.enqueue(code("ann@example.com")).await.unwrap();
        let first_try = relay.recv().await.unwrap();
        let _ = timeout(Duration::from_secs(20), converse(first_try, Some("354"), Some(reply))).await;
        let again = timeout(Duration::from_secs(60), relay.recv()).await;
        assert_eq!(again.is_err(), is_final, "{reply}");
        assert_eq!(fixture.marks.seen("mail given up"), usize::from(is_final), "{reply}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_mail_is_tried_again_and_an_unknown_one_is_not() {
    let fixture = Fixture::new();
    let outbox = outbox(&fixture, 8);
    outbox.enqueue(code("ann@example.com")).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await; // refused meanwhile: nobody listens
    let mut relay = fixture.network.serve("mail");
    let second_try = relay.recv().await.unwrap();
    converse(second_try, Some("451"), None).await;
    let third_try = relay.recv().await.unwrap();
    let _ = timeout(Duration::from_secs(20), converse(third_try, Some("354"), None)).await;
    assert_eq!(fixture.marks.seen("mail fate unknown"), 1);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(relay.try_recv().is_err(), "no fourth");
    assert_eq!(outbox.slots.available_permits(), 8);
}

/// A mail that waits for its next try is tried at once, and what is left in the end is counted.
#[tokio::test(start_paused = true)]
async fn the_last_mails_are_sent_when_the_process_stops() {
    let fixture = Fixture::new();
    let outbox = outbox(&fixture, 8);
    assert_eq!(outbox.finish(Duration::from_secs(5)).await, 0, "nothing waits");
    outbox.enqueue(code("ann@example.com")).await.unwrap();
    // Nobody listens: the third try is due 1.5 s after the first, the next one 2 s later.
    tokio::time::sleep(Duration::from_millis(1_600)).await;
    let mut relay = fixture.network.serve("mail");
    let (began, outbox) = (Instant::now(), Arc::new(outbox));
    let finishing = {
        let outbox = outbox.clone();
        async move { outbox.finish(Duration::from_secs(5)).await }
    };
    let relaying = async { converse(relay.recv().await.unwrap(), Some("354"), Some("250 taken")).await };
    let (left, message) = tokio::join!(finishing, relaying);
    assert_eq!(left, 0);
    assert!(message.expect("a message").contains("To: ann@example.com"));
    assert_eq!(began.elapsed(), Duration::ZERO, "it did not wait for its turn");

    for _ in 0..3 {
        outbox.enqueue(code("ben@example.com")).await.unwrap();
    }
    let hangs = async {
        let _kept = relay.recv().await;
        std::future::pending::<()>().await;
    };
    let finishing = outbox.finish(Duration::from_secs(5));
    seams::select! {
        left = finishing => assert_eq!(left, 3),
        () = hangs => {}
    }
    assert_eq!(began.elapsed(), Duration::from_secs(5));
}
