use super::ANN;
use crate::testing::{AUTHORIZE, Browser, TestBed, VERIFIER};

#[tokio::test(start_paused = true)]
async fn a_whole_login_over_both_replicas() {
    let bed = TestBed::new().await;
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
async fn six_presses_send_one_mail_and_any_code_works() {
    let bed = TestBed::new().await;
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
    let bed = TestBed::new().await;
    for turn in 0..bed.config.limits.sends {
        let mut browser = Browser {
            replica: turn as usize % 2,
            client: turn as u8,
            ..Browser::default()
        };
        let flow = browser.begin(&bed).await;
        assert!(browser.ask(&bed, &flow).await.location().starts_with("/login/code"));
    }
    let mut browser = Browser {
        client: 100,
        ..Browser::default()
    };
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
    let bed = TestBed::new().await;
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
        eve.verify(&bed, &flow, "00000000").await.page(),
        (400, "code", "wrong-code")
    );
}

#[tokio::test(start_paused = true)]
async fn codes_and_flows_end() {
    let bed = TestBed::new().await;
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
