//! What mailed codes depend on fails: nothing happens twice, and everything can be done again.

use super::ANN;
use crate::{
    authorize::FLOW,
    limits::{CLIENT_SENDS, LOGIN_ATTEMPTS, SENDS, VERIFY_ATTEMPTS},
    mailed_code::{EMAIL_CODE, SEND_ONCE},
    testing::{Browser, TestBed},
};
use seams::{Cause, Failure, StorageFault, StorageMoment};

const DOWN: (u16, &str, &str) = (503, "error", "temporarily-unavailable");

fn lost() -> Failure {
    Failure::Unknown(Cause::ConnectionLost("reset".into()))
}

fn refused() -> Failure {
    Failure::Fail(Cause::Refused("READONLY".into()))
}

#[tokio::test(start_paused = true)]
async fn a_failed_send_can_be_repeated_at_once() {
    let bed = TestBed::new().await;
    let mut ann = Browser::default();
    let flow = ann.begin(&bed).await;
    for (call, namespace, failure, done) in [
        ("get", FLOW, lost(), true),
        ("put_if_absent", SEND_ONCE, refused(), false),
        ("put_if_absent", SEND_ONCE, lost(), true),
        ("count", CLIENT_SENDS, refused(), false),
        ("count", SENDS, refused(), false),
        ("put", FLOW, lost(), true),
        ("put", EMAIL_CODE, lost(), true),
    ] {
        bed.store.fail(call, namespace, failure, done);
        ann.client += 1; // what has failed is counted
        let seen = ann.ask(&bed, &flow).await;
        assert_eq!(seen.page(), DOWN, "{call} {namespace:?}");
        assert_eq!(seen.header("retry-after"), "2");
        assert!(bed.out.codes(ANN).is_empty(), "no mail with a code that may not work");
    }
    *bed.out.full.lock().unwrap() = Some(Failure::Fail(Cause::Full("mail")));
    assert_eq!(ann.ask(&bed, &flow).await.page(), DOWN);
    assert!(ann.ask(&bed, &flow).await.location().starts_with("/login/code"));
    assert_eq!(bed.out.codes(ANN).len(), 1);
}

/// Each press counts, and whoever was counted for nothing is not refused for it.
#[tokio::test(start_paused = true)]
async fn presses_that_failed_are_made_good_once() {
    let bed = TestBed::new().await;
    let mut ann = Browser::default();
    let flow = ann.begin(&bed).await;
    for _ in 0..bed.config.limits.client_sends {
        bed.store.fail("put", EMAIL_CODE, lost(), true);
        assert_eq!(ann.ask(&bed, &flow).await.page(), DOWN);
    }
    assert!(ann.ask(&bed, &flow).await.location().starts_with("/login/code"));
    assert_eq!(bed.out.codes(ANN).len(), 1);
    bed.fixture.clock.pass(21_000);
    assert_eq!(ann.ask(&bed, &flow).await.page().2, "too-many-from-here");
}

#[tokio::test(start_paused = true)]
async fn a_failed_verification_can_be_repeated_at_once() {
    for (call, namespace, failure, done) in [
        ("put_if_absent", VERIFY_ATTEMPTS, refused(), false),
        ("put_if_absent", VERIFY_ATTEMPTS, lost(), true),
        ("count", VERIFY_ATTEMPTS, lost(), true),
        ("count", LOGIN_ATTEMPTS, lost(), false),
        ("get", EMAIL_CODE, lost(), false),
    ] {
        let bed = TestBed::new().await;
        let mut ann = Browser::default();
        let flow = ann.begin(&bed).await;
        ann.ask(&bed, &flow).await;
        let code = bed.out.codes(ANN).pop().unwrap();
        bed.store.fail(call, namespace, failure, done);
        assert_eq!(
            ann.verify(&bed, &flow, &code).await.page(),
            DOWN,
            "{call} {namespace:?}"
        );
        assert!(
            ann.verify(&bed, &flow, &code)
                .await
                .location()
                .starts_with("/login/continue")
        );
    }
}

#[tokio::test(start_paused = true)]
async fn whatever_becomes_of_the_taking_a_one_time_code_opens_one_session() {
    for (failure, done) in [(lost(), true), (lost(), false), (refused(), false)] {
        let bed = TestBed::new().await;
        let mut ann = Browser::default();
        let flow = ann.begin(&bed).await;
        ann.ask(&bed, &flow).await;
        let code = bed.out.codes(ANN).pop().unwrap();
        bed.store.fail("take", EMAIL_CODE, failure, done);
        assert!(
            ann.verify(&bed, &flow, &code)
                .await
                .location()
                .starts_with("/login/continue")
        );
        // It may be in the store still. After logging out it must open nothing.
        ann.post(&bed, "/logout", &[]).await;
        bed.fixture.clock.pass(6_000);
        assert_eq!(ann.verify(&bed, &flow, &code).await.page(), (400, "code", "wrong-code"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_that_could_not_be_opened_gives_its_code_back() {
    // The first commit counts the attempt, the second opens the session.
    let moments = [StorageMoment::BeforeCommit, StorageMoment::AfterCommit];
    for (well, moment) in [0, 1].into_iter().flat_map(|well| moments.map(|moment| (well, moment))) {
        let bed = TestBed::new().await;
        let mut ann = Browser::default();
        let flow = ann.begin(&bed).await;
        ann.ask(&bed, &flow).await;
        let code = bed.out.codes(ANN).pop().unwrap();
        bed.fixture.storage.fail_after(well, moment, StorageFault::Io);
        assert_eq!(ann.verify(&bed, &flow, &code).await.page(), DOWN, "{moment:?}");
        let is_back = bed.fixture.marks.seen("a one-time code was put back");
        assert_eq!(is_back as u64, well, "{moment:?}");
        assert!(
            ann.verify(&bed, &flow, &code)
                .await
                .location()
                .starts_with("/login/continue")
        );
        assert_eq!(ann.get(&bed, "/").await.signed_in(), "true");
    }
}

/// "Nothing is lost" is said only of a code that is certainly there.
#[tokio::test(start_paused = true)]
async fn whoever_has_a_code_that_could_not_be_put_back_is_told_so() {
    for (put, taken) in [
        (refused(), None),
        (lost(), None),
        (refused(), Some(lost())),
        (lost(), Some(lost())),
    ] {
        let bed = TestBed::new().await;
        let mut ann = Browser::default();
        let flow = ann.begin(&bed).await;
        ann.ask(&bed, &flow).await;
        let code = bed.out.codes(ANN).pop().unwrap();
        if let Some(failure) = taken {
            bed.store.fail("take", EMAIL_CODE, failure, true);
        }
        bed.store.fail("put", EMAIL_CODE, put, false);
        (bed.fixture.storage).fail_after(1, StorageMoment::BeforeCommit, StorageFault::Io);
        let seen = ann.verify(&bed, &flow, &code).await;
        assert_eq!(seen.page(), (503, "code", "temporarily-in-doubt"));
        assert_eq!(seen.header("retry-after"), "2");
    }
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_cannot_be_counted_is_not_a_free_guess() {
    let bed = TestBed::new().await;
    let mut eve = Browser::default();
    let flow = eve.begin(&bed).await;
    eve.ask(&bed, &flow).await;
    let guess = if bed.out.codes(ANN) == ["00000000"] {
        "00000001"
    } else {
        "00000000"
    };
    bed.fixture
        .storage
        .fail(StorageMoment::BeforeCommit, StorageFault::Io, 1);
    assert_eq!(eve.verify(&bed, &flow, guess).await.page(), DOWN);
}
