//! Sessions, as people see them.

use crate::testing::{AUTHORIZE, Browser, Seen, TestBed, VERIFIER};
use axum::body::Body;
use http::{Request, header};
use seams::{StorageFault, StorageMoment};

const DOWN: (u16, &str, &str) = (503, "error", "temporarily-unavailable");

#[tokio::test(start_paused = true)]
async fn a_session_ends_for_every_replica_and_a_stolen_cookie_with_it() {
    let bed = TestBed::new().await;
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
async fn nobody_is_logged_out_by_a_failure() {
    let bed = TestBed::new().await;
    let mut ann = Browser::default();
    ann.log_in(&bed).await;
    let cookie = ann.cookie("__Host-session").map(str::to_owned);
    for path in ["/", AUTHORIZE] {
        bed.fixture.storage.fail(StorageMoment::Begin, StorageFault::Io, 1);
        let seen = ann.get(&bed, path).await;
        assert_eq!(seen.page(), DOWN, "{path}");
        assert!(seen.body.contains(seen.header("x-correlation-id")));
    }
    bed.fixture
        .storage
        .fail(StorageMoment::BeforeCommit, StorageFault::Io, 1);
    assert_eq!(ann.post(&bed, "/logout", &[]).await.page(), DOWN);
    assert_eq!(
        ann.cookie("__Host-session").map(str::to_owned),
        cookie,
        "kept, for the session is not ended"
    );
    assert_eq!(ann.get(&bed, "/").await.signed_in(), "true");
}

const SESSION: &str = "__Host-session";

/// Logs in once more in a browser that is logged in.
async fn log_in_again(browser: &mut Browser, bed: &TestBed, address: &str) -> String {
    let flow = browser
        .get(bed, &format!("{AUTHORIZE}&prompt=login"))
        .await
        .param("flow");
    browser.finish(bed, &flow, address).await.param("code")
}

/// The status of the answer to a client that asks who somebody is.
async fn userinfo(bed: &TestBed, replica: usize, token: &str) -> u16 {
    let request = Request::get("/userinfo").header(header::AUTHORIZATION, format!("Bearer {token}"));
    let seen = bed.call(replica, request.body(Body::empty()).expect("a request")).await;
    seen.status.as_u16()
}

/// A browser that has an earlier cookie of another one, at the other replica.
fn with_cookie_of(earlier: &Browser) -> Browser {
    Browser {
        replica: 1,
        ..earlier.clone()
    }
}

#[tokio::test(start_paused = true)]
async fn an_old_cookie_is_of_no_use_once_the_new_one_has_come() {
    let bed = TestBed::new().await;
    let mut ann = Browser::default();
    ann.log_in(&bed).await;
    let mut thief = with_cookie_of(&ann);
    assert_eq!(thief.get(&bed, "/").await.signed_in(), "true");
    log_in_again(&mut ann, &bed, "ann@example.com").await;
    assert_ne!(ann.cookie(SESSION), thief.cookie(SESSION));
    assert_eq!(thief.get(&bed, "/").await.signed_in(), "false");
    assert_eq!(ann.get(&bed, "/").await.signed_in(), "true");
    let another = Browser::default().log_in_as(&bed, "bob@example.com").await;
    assert!(!another.is_empty(), "others are not concerned");
    assert_eq!(ann.get(&bed, "/").await.signed_in(), "true");
}

#[tokio::test(start_paused = true)]
async fn whoever_has_lost_the_answer_is_logged_in_as_before() {
    let bed = TestBed::new().await;
    let mut ann = Browser::default();
    ann.log_in(&bed).await;
    let before = ann.clone();
    let flow = ann.get(&bed, &format!("{AUTHORIZE}&prompt=login")).await.param("flow");
    ann.post(&bed, "/login/send", &[("flow", &flow), ("address", "ann@example.com")])
        .await;
    let code = bed.out.codes("ann@example.com").pop().expect("a mail");
    let mut without_answer = ann.clone();
    ann.verify(&bed, &flow, &code).await; // nobody sees the answer
    assert_eq!(without_answer.cookie(SESSION), before.cookie(SESSION));
    assert_eq!(without_answer.get(&bed, "/").await.signed_in(), "true");
    let again = without_answer.verify(&bed, &flow, &code).await;
    assert_eq!(without_answer.cookie(SESSION), ann.cookie(SESSION), "pressed again");
    assert!(
        !without_answer
            .get(&bed, again.location())
            .await
            .param("code")
            .is_empty()
    );
    assert_eq!(before.clone().get(&bed, "/").await.signed_in(), "false");
}

#[tokio::test(start_paused = true)]
async fn a_session_that_cannot_be_ended_is_ended_by_the_next_request() {
    let bed = TestBed::new().await;
    let mut ann = Browser::default();
    ann.log_in(&bed).await;
    let mut thief = with_cookie_of(&ann);
    let flow = ann.get(&bed, &format!("{AUTHORIZE}&prompt=login")).await.param("flow");
    ann.post(&bed, "/login/send", &[("flow", &flow), ("address", "ann@example.com")])
        .await;
    let code = bed.out.codes("ann@example.com").pop().expect("a mail");
    ann.verify(&bed, &flow, &code).await;
    bed.fixture
        .storage
        .fail(StorageMoment::BeforeCommit, StorageFault::Io, 1);
    assert_eq!(ann.get(&bed, "/").await.page(), DOWN, "nobody is told what is not so");
    assert_eq!(thief.get(&bed, "/").await.signed_in(), "true");
    assert_eq!(ann.get(&bed, "/").await.signed_in(), "true");
    assert_eq!(thief.get(&bed, "/").await.signed_in(), "false");
}

/// RFC 6750 section 3.1.
#[tokio::test(start_paused = true)]
async fn what_was_issued_in_a_session_ends_with_it() {
    let bed = TestBed::new().await;
    let mut ann = Browser::default();
    let token = |seen: Seen| seen.json()["access_token"].as_str().unwrap().to_owned();
    let first = ann.log_in(&bed).await;
    let first = token(bed.redeem(0, &first, VERIFIER).await);
    let second = log_in_again(&mut ann, &bed, "ann@example.com").await;
    let second = token(bed.redeem(1, &second, VERIFIER).await);
    assert_eq!(userinfo(&bed, 0, &first).await, 200, "the same person goes on");
    let unredeemed = ann.get(&bed, AUTHORIZE).await.param("code");
    let mut elsewhere = Browser::default();
    let other = elsewhere.log_in(&bed).await;
    let other = token(bed.redeem(0, &other, VERIFIER).await);
    ann.post(&bed, "/logout", &[]).await;
    for (replica, token) in [(0, &first), (1, &second)] {
        assert_eq!(userinfo(&bed, replica, token).await, 401);
    }
    let refused = bed.redeem(0, &unredeemed, VERIFIER).await;
    assert_eq!(refused.error(), (400, "invalid_grant".to_owned()));
    assert_eq!(userinfo(&bed, 0, &other).await, 200, "another browser");
    assert_eq!(elsewhere.get(&bed, "/").await.signed_in(), "true");
}

#[tokio::test(start_paused = true)]
async fn another_person_in_the_same_browser_signs_the_first_one_out() {
    let bed = TestBed::new().await;
    let mut browser = Browser::default();
    let code = browser.log_in(&bed).await;
    let tokens = bed.redeem(0, &code, VERIFIER).await.json();
    let token = tokens["access_token"].as_str().unwrap();
    let mut thief = with_cookie_of(&browser);
    log_in_again(&mut browser, &bed, "bob@example.com").await;
    assert_eq!(thief.get(&bed, "/").await.signed_in(), "false");
    assert_eq!(userinfo(&bed, 1, token).await, 401);
    assert!(browser.get(&bed, "/").await.body.contains("bob@example.com"));
}
