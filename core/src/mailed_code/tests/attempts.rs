use super::{ANN, wrong};
use crate::testing::{Browser, TestBed};
use std::time::Duration;

#[tokio::test(start_paused = true)]
async fn a_double_click_is_one_attempt_with_one_outcome() {
    let bed = TestBed::new().await;
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
        ann.cookie("__Host-session"),
        twin.cookie("__Host-session"),
        "one session"
    );
    assert_eq!(bed.marked("a session was opened"), 1);
    // Later as well: the answer may have been lost.
    bed.fixture.clock.pass(60_000);
    assert_eq!(ann.verify(&bed, &flow, &code).await.location(), one.location());

    // Two attempts are charged by now: three more are admitted, and no code but the first works.
    for code in ["00111111", "00222222", "00333333"] {
        assert_eq!(ann.verify(&bed, &flow, code).await.page().2, "wrong-code");
    }
    assert_eq!(
        ann.verify(&bed, &flow, "00444444").await.page(),
        (429, "error", "too-many-attempts")
    );
}

#[tokio::test(start_paused = true)]
async fn attempts_are_limited_per_flow_and_twins_are_no_way_around() {
    let bed = TestBed::new().await;
    bed.fixture.clock.follow_tokio();
    let mut eve = Browser::default();
    let flow = eve.begin(&bed).await;
    eve.ask(&bed, &flow).await;
    let right = bed.out.codes(ANN).pop().unwrap();
    let guesses = (0..).map(|n| format!("{n:08}")).filter(|guess| *guess != right);
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
    let bed = TestBed::new().await;
    let limits = bed.config.limits;
    let mut admitted = 0;
    'flows: loop {
        let mut eve = Browser {
            replica: admitted as usize % 2,
            client: admitted as u8,
            ..Browser::default()
        };
        let flow = eve.begin(&bed).await;
        assert!(
            eve.ask(&bed, &flow).await.location().starts_with("/login/code"),
            "sends suffice"
        );
        let right = bed.out.codes(ANN).pop().unwrap();
        for guess in (0..).map(|n| format!("{n:08}")).filter(|guess| *guess != right).take(4) {
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
    let bed = TestBed::new().await;
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
    assert!(ann.cookie("__Host-session").is_none());
    bed.fixture.clock.pass(6_000);
    assert_eq!(
        ann.verify(&bed, &first, &code).await.page(),
        (400, "code", "wrong-code")
    );
    assert_eq!(ann.get(&bed, "/").await.signed_in(), "false");
}

#[tokio::test(start_paused = true)]
async fn what_people_mistype_costs_them_nothing() {
    let bed = TestBed::new().await;
    let mut ann = Browser::default();
    let flow = ann.begin(&bed).await;
    for address in [
        "ann",
        "ann@",
        "a@b\r\nBcc: eve@example.com",
        "<script>alert(1)</script>",
        "",
    ] {
        let seen = ann
            .post(&bed, "/login/send", &[("flow", &flow), ("address", address)])
            .await;
        assert_eq!(seen.page(), (400, "login", "invalid-address"), "{address}");
        assert!(!seen.body.contains("<script>alert"));
    }
    assert_eq!(
        ann.verify(&bed, &flow, "12345678").await.page(),
        (400, "error", "no-code-sent")
    );
    assert_eq!(
        ann.get(&bed, &format!("/login/code?flow={flow}")).await.location(),
        format!("/login?flow={flow}")
    );
    ann.ask(&bed, &flow).await;
    for code in ["", "1234567", "abcdefgh", "123456789", "١٢٣٤٥٦٧٨"] {
        for _ in 0..3 {
            assert_eq!(
                ann.verify(&bed, &flow, code).await.page(),
                (400, "code", "not-a-code"),
                "{code}"
            );
        }
    }
    let code = bed.out.codes("ann@example.com").pop().unwrap();
    let spaced = format!(" {} {} ", &code[..3], &code[3..]);
    assert!(
        ann.verify(&bed, &flow, &spaced)
            .await
            .location()
            .starts_with("/login/continue")
    );
}
