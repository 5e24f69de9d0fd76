//! People.

use crate::testing::{AUTHORIZE, Bed, Browser, VERIFIER};
use std::time::Duration;

const ANN: &str = "ann@example.com";

/// Another code than this one.
fn wrong(code: &str) -> &'static str {
    if code == "000000" { "000001" } else { "000000" }
}

#[tokio::test(start_paused = true)]
async fn a_whole_login_over_both_replicas() {
    let bed = Bed::new().await;
    let mut ann = Browser::default();
    let flow = ann.begin(&bed).await;
    let page = ann.get(&bed, &format!("/login?flow={flow}")).await;
    assert_eq!(page.page(), (200, "login", ""));
    assert!(page.body.contains("to continue to <strong>WEB</strong>"));

    ann.replica = 1;
    assert_eq!(
        ann.ask(&bed, &flow).await.location(),
        format!("/login/code?flow={flow}")
    );
    ann.replica = 0;
    let page = ann.get(&bed, &format!("/login/code?flow={flow}")).await;
    assert_eq!(page.page(), (200, "code", ""));
    let codes = bed.out.codes(ANN);
    assert_eq!(codes.len(), 1);

    ann.replica = 1;
    let verified = ann.verify(&bed, &flow, &codes[0]).await;
    ann.replica = 0;
    let back = ann.get(&bed, verified.location()).await;
    assert!(back.location().starts_with("https://app.example/callback?code="));
    assert_eq!(
        (back.param("state"), back.param("iss")),
        ("st".into(), "https://login.example".into())
    );

    let tokens = bed.redeem(1, &back.param("code"), VERIFIER).await;
    assert_eq!(tokens.status, 200, "{}", tokens.body);
    assert_eq!(tokens.json()["scope"], "openid email");
    assert_eq!(tokens.header("cache-control"), "no-store");
    assert_eq!(ann.get(&bed, "/").await.signed_in(), "true");
    let told: Vec<_> = bed.out.events.lock().unwrap().iter().map(|e| e.event).collect();
    assert_eq!(told, ["login_started", "code_sent", "login_succeeded"]);

    // The next client gets its code from the session, without a page.
    assert!(
        ann.get(&bed, AUTHORIZE)
            .await
            .location()
            .starts_with("https://app.example/callback?code=")
    );
    // Unless it insists.
    assert!(
        ann.get(&bed, &format!("{AUTHORIZE}&prompt=login"))
            .await
            .location()
            .starts_with("/login?flow=")
    );
}

#[tokio::test(start_paused = true)]
async fn a_forced_login_is_not_answered_by_an_old_session() {
    let bed = Bed::new().await;
    let mut ann = Browser::default();
    ann.log_in(&bed).await;
    bed.fixture.clock.pass(30_000);
    let flow = ann.get(&bed, &format!("{AUTHORIZE}&max_age=10")).await.param("flow");
    let back = ann.get(&bed, &format!("/login/continue?flow={flow}")).await;
    assert_eq!(back.location(), format!("/login?flow={flow}"));
    ann.ask(&bed, &flow).await;
    let code = bed.out.codes(ANN).pop().unwrap();
    let verified = ann.verify(&bed, &flow, &code).await;
    let back = ann.get(&bed, verified.location()).await;
    assert!(!back.param("code").is_empty());
}

#[tokio::test(start_paused = true)]
async fn six_presses_send_one_mail_and_any_code_works() {
    let bed = Bed::new().await;
    let mut ann = Browser::default();
    let flow = ann.begin(&bed).await;
    let mut presses = [
        ann.clone(),
        ann.clone(),
        ann.clone(),
        ann.clone(),
        ann.clone(),
        ann.clone(),
    ];
    let [a, b, c, d, e, f] = &mut presses;
    b.replica = 1;
    d.replica = 1;
    let answers = tokio::join!(
        a.ask(&bed, &flow),
        b.ask(&bed, &flow),
        c.ask(&bed, &flow),
        d.ask(&bed, &flow),
        e.ask(&bed, &flow),
        f.ask(&bed, &flow)
    );
    for answer in [answers.0, answers.1, answers.2, answers.3, answers.4, answers.5] {
        assert_eq!(answer.location(), format!("/login/code?flow={flow}"));
    }
    assert_eq!(bed.out.codes(ANN).len(), 1, "one window, one mail");
    for _ in 0..3 {
        bed.fixture.clock.pass(21_000);
        ann.ask(&bed, &flow).await;
    }
    let codes = bed.out.codes(ANN);
    assert_eq!(codes.len(), 4);
    assert!(
        ann.verify(&bed, &flow, &codes[0])
            .await
            .location()
            .starts_with("/login/continue")
    );
}

#[tokio::test(start_paused = true)]
async fn sends_are_limited_over_all_flows_and_replicas() {
    let bed = Bed::new().await;
    for turn in 0..bed.config.limits.sends {
        let mut browser = Browser {
            replica: turn as usize % 2,
            ..Browser::default()
        };
        let flow = browser.begin(&bed).await;
        assert!(browser.ask(&bed, &flow).await.location().starts_with("/login/code"));
    }
    let mut browser = Browser::default();
    let flow = browser.begin(&bed).await;
    for _ in 0..2 {
        let refused = browser.ask(&bed, &flow).await;
        assert_eq!(refused.page(), (429, "error", "too-many-mails"));
        assert_eq!(refused.header("retry-after"), "300");
    }
    let other = [("flow", flow.as_str()), ("address", "bob@example.com")];
    assert!(
        browser
            .post(&bed, "/login/send", &other)
            .await
            .location()
            .starts_with("/login/code")
    );
}

#[tokio::test(start_paused = true)]
async fn an_unknown_address_gets_the_same_answers_and_no_mail() {
    let bed = Bed::new().await;
    let mut eve = Browser::default();
    let flow = eve.begin(&bed).await;
    let fields = [("flow", flow.as_str()), ("address", "nobody@example.com")];
    assert!(
        eve.post(&bed, "/login/send", &fields)
            .await
            .location()
            .starts_with("/login/code")
    );
    assert_eq!(
        eve.get(&bed, &format!("/login/code?flow={flow}")).await.page(),
        (200, "code", "")
    );
    assert!(bed.out.codes("nobody@example.com").is_empty());
    assert_eq!(
        eve.verify(&bed, &flow, "000000").await.page(),
        (400, "code", "wrong-code")
    );
}

#[tokio::test(start_paused = true)]
async fn a_flow_belongs_to_the_browser_that_began_it() {
    let bed = Bed::new().await;
    let (mut ann, mut eve) = (Browser::default(), Browser::default());
    let flow = ann.begin(&bed).await;
    ann.ask(&bed, &flow).await;
    let code = bed.out.codes(ANN).pop().unwrap();
    for _ in 0..2 {
        for path in ["/login", "/login/code", "/login/continue"] {
            let refused = eve.get(&bed, &format!("{path}?flow={flow}")).await;
            assert_eq!(refused.page(), (400, "error", "other-browser"), "{path}");
        }
        assert_eq!(eve.ask(&bed, &flow).await.page(), (400, "error", "other-browser"));
        assert_eq!(
            eve.verify(&bed, &flow, &code).await.page(),
            (400, "error", "other-browser")
        );
        eve.begin(&bed).await; // now with a cookie of its own
    }
    assert!(
        ann.verify(&bed, &flow, &code)
            .await
            .location()
            .starts_with("/login/continue")
    );
}

#[tokio::test(start_paused = true)]
async fn a_double_click_is_one_attempt_with_one_outcome() {
    let bed = Bed::new().await;
    bed.fixture.clock.follow_tokio();
    let mut ann = Browser::default();
    let flow = ann.begin(&bed).await;
    ann.ask(&bed, &flow).await;
    let code = bed.out.codes(ANN).pop().unwrap();
    let mut twin = Browser {
        replica: 1,
        ..ann.clone()
    };
    let (one, two) = tokio::join!(
        ann.verify(&bed, &flow, wrong(&code)),
        twin.verify(&bed, &flow, wrong(&code))
    );
    assert_eq!(
        (one.page(), two.page()),
        ((400, "code", "wrong-code"), (400, "code", "wrong-code"))
    );
    assert_eq!(bed.marked("a twin of a verification shared its outcome"), 1);

    let (one, two) = tokio::join!(ann.verify(&bed, &flow, &code), twin.verify(&bed, &flow, &code));
    assert_eq!(one.location(), two.location());
    assert_eq!(
        ann.cookies["__Host-session"], twin.cookies["__Host-session"],
        "one session"
    );
    assert_eq!(bed.marked("a session was opened"), 1);
    // Later as well: the answer may have been lost.
    bed.fixture.clock.pass(60_000);
    assert_eq!(ann.verify(&bed, &flow, &code).await.location(), one.location());

    // Two attempts are charged by now: three more are admitted, and no code but the first works.
    for code in ["111111", "222222", "333333"] {
        assert_eq!(ann.verify(&bed, &flow, code).await.page().2, "wrong-code");
    }
    assert_eq!(
        ann.verify(&bed, &flow, "444444").await.page(),
        (429, "error", "too-many-attempts")
    );
}

#[tokio::test(start_paused = true)]
async fn attempts_are_limited_per_flow_and_twins_are_no_way_around() {
    let bed = Bed::new().await;
    bed.fixture.clock.follow_tokio();
    let mut eve = Browser::default();
    let flow = eve.begin(&bed).await;
    eve.ask(&bed, &flow).await;
    let right = bed.out.codes(ANN).pop().unwrap();
    let guesses = (0..).map(|n| format!("{n:06}")).filter(|guess| *guess != right);
    for (turn, guess) in guesses.take(bed.config.limits.verify_attempts as usize).enumerate() {
        eve.replica = turn % 2;
        assert_eq!(
            eve.verify(&bed, &flow, &guess).await.page(),
            (400, "code", "wrong-code")
        );
    }
    for _ in 0..3 {
        assert_eq!(
            eve.verify(&bed, &flow, &right).await.page(),
            (429, "error", "too-many-attempts")
        );
    }
    let mut twin = Browser {
        replica: 1,
        ..eve.clone()
    };
    tokio::time::sleep(Duration::from_secs(6)).await;
    let (one, two) = tokio::join!(eve.verify(&bed, &flow, &right), twin.verify(&bed, &flow, &right));
    assert_eq!((one.page().0, two.page().0), (429, 429));
    // A new code resets nothing (inventory 20).
    tokio::time::sleep(Duration::from_secs(30)).await;
    eve.ask(&bed, &flow).await;
    let newer = bed.out.codes(ANN).pop().unwrap();
    assert_eq!(
        eve.verify(&bed, &flow, &newer).await.page(),
        (429, "error", "too-many-attempts")
    );
}

#[tokio::test(start_paused = true)]
async fn attempts_are_limited_per_address_over_flows_and_the_address_cannot_be_swapped() {
    let bed = Bed::new().await;
    let limits = bed.config.limits;
    let mut admitted = 0;
    'flows: loop {
        let mut eve = Browser {
            replica: admitted as usize % 2,
            ..Browser::default()
        };
        let flow = eve.begin(&bed).await;
        assert!(
            eve.ask(&bed, &flow).await.location().starts_with("/login/code"),
            "sends suffice"
        );
        let right = bed.out.codes(ANN).pop().unwrap();
        for guess in (0..).map(|n| format!("{n:06}")).filter(|guess| *guess != right).take(4) {
            match eve.verify(&bed, &flow, &guess).await.page() {
                (400, "code", "wrong-code") => admitted += 1,
                other => {
                    assert_eq!(other, (429, "error", "too-many-logins"));
                    break 'flows;
                }
            }
        }
        // A code to ann is of no use once the flow names somebody else.
        let fields = [("flow", flow.as_str()), ("address", "bob@example.com")];
        eve.post(&bed, "/login/send", &fields).await;
        bed.fixture.clock.pass(6_000);
        if admitted == 4 {
            assert_eq!(
                eve.verify(&bed, &flow, &right).await.page(),
                (400, "code", "wrong-code")
            );
        }
    }
    assert_eq!(admitted, limits.login_attempts);
    assert!(limits.login_attempts > 4);
}

#[tokio::test(start_paused = true)]
async fn a_code_works_once_and_not_in_another_flow() {
    let bed = Bed::new().await;
    let mut ann = Browser::default();
    let first = ann.begin(&bed).await;
    let second = ann.begin(&bed).await;
    ann.ask(&bed, &first).await;
    let code = bed.out.codes(ANN).pop().unwrap();
    ann.ask(&bed, &second).await;
    if bed.out.codes(ANN).pop().unwrap() != code {
        assert_eq!(
            ann.verify(&bed, &second, &code).await.page(),
            (400, "code", "wrong-code")
        );
    }
    assert!(
        ann.verify(&bed, &first, &code)
            .await
            .location()
            .starts_with("/login/continue")
    );
    // After logging out, the code that opened the session opens none.
    assert_eq!(ann.post(&bed, "/logout", &[]).await.location(), "/");
    assert!(!ann.cookies.contains_key("__Host-session"));
    bed.fixture.clock.pass(6_000);
    assert_eq!(
        ann.verify(&bed, &first, &code).await.page(),
        (400, "code", "wrong-code")
    );
    assert_eq!(ann.get(&bed, "/").await.signed_in(), "false");
}

#[tokio::test(start_paused = true)]
async fn a_session_ends_for_every_replica_and_a_stolen_cookie_with_it() {
    let bed = Bed::new().await;
    let mut ann = Browser::default();
    ann.log_in(&bed).await;
    let mut thief = Browser {
        replica: 1,
        ..ann.clone()
    };
    assert_eq!(thief.get(&bed, "/").await.signed_in(), "true");
    ann.post(&bed, "/logout", &[]).await;
    assert_eq!(thief.get(&bed, "/").await.signed_in(), "false");

    let mut late = Browser::default();
    late.log_in(&bed).await;
    bed.fixture.clock.pass(bed.config.ttl.session.as_millis() as u64 + 1);
    assert_eq!(late.get(&bed, "/").await.signed_in(), "false");
}

#[tokio::test(start_paused = true)]
async fn codes_and_flows_end() {
    let bed = Bed::new().await;
    let mut ann = Browser::default();
    let flow = ann.begin(&bed).await;
    ann.ask(&bed, &flow).await;
    let code = bed.out.codes(ANN).pop().unwrap();
    bed.fixture.clock.pass(bed.config.ttl.email_code.as_millis() as u64);
    assert_eq!(ann.verify(&bed, &flow, &code).await.page(), (400, "code", "wrong-code"));
    bed.fixture.clock.pass(400_000);
    assert_eq!(ann.verify(&bed, &flow, &code).await.page(), (400, "error", "expired"));
    assert_eq!(ann.get(&bed, "/login").await.page(), (400, "error", "expired"));
}
