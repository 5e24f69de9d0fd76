//! What the service depends on fails: nobody is logged out, nothing happens twice, and everything
//! can be done again.

use crate::testing::{AUTHORIZE, Bed, Browser, VERIFIER};
use seams::{Cause, Failure, StorageFault, StorageMoment};

const ANN: &str = "ann@example.com";
const DOWN: (u16, &str, &str) = (503, "error", "temporarily-unavailable");

fn lost() -> Failure {
    Failure::Unknown(Cause::ConnectionLost("reset".into()))
}

fn refused() -> Failure {
    Failure::Fail(Cause::Refused("READONLY".into()))
}

#[tokio::test(start_paused = true)]
async fn a_failed_send_can_be_repeated_at_once() {
    let bed = Bed::new().await;
    let mut ann = Browser::default();
    let flow = ann.begin(&bed).await;
    for (call, namespace, failure, done) in [
        ("get", crate::authorize::FLOW, lost(), true),
        ("put_if_absent", crate::mailed_code::SEND_ONCE, refused(), false),
        ("put_if_absent", crate::mailed_code::SEND_ONCE, lost(), true),
        ("count", crate::mailed_code::SENDS, refused(), false),
        ("put", crate::authorize::FLOW, lost(), true),
        ("put", crate::mailed_code::EMAIL_CODE, lost(), true),
    ] {
        bed.store.fail(call, namespace, failure, done);
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

#[tokio::test(start_paused = true)]
async fn a_failed_verification_can_be_repeated_at_once() {
    for (call, namespace, failure, done) in [
        ("put_if_absent", crate::limits::VERIFY_ATTEMPTS, refused(), false),
        ("put_if_absent", crate::limits::VERIFY_ATTEMPTS, lost(), true),
        ("count", crate::limits::VERIFY_ATTEMPTS, lost(), true),
        ("count", crate::limits::LOGIN_ATTEMPTS, lost(), false),
        ("get", crate::mailed_code::EMAIL_CODE, lost(), false),
    ] {
        let bed = Bed::new().await;
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
        let bed = Bed::new().await;
        let mut ann = Browser::default();
        let flow = ann.begin(&bed).await;
        ann.ask(&bed, &flow).await;
        let code = bed.out.codes(ANN).pop().unwrap();
        bed.store.fail("take", crate::mailed_code::EMAIL_CODE, failure, done);
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
    for moment in [StorageMoment::BeforeCommit, StorageMoment::AfterCommit] {
        let bed = Bed::new().await;
        let mut ann = Browser::default();
        let flow = ann.begin(&bed).await;
        ann.ask(&bed, &flow).await;
        let code = bed.out.codes(ANN).pop().unwrap();
        bed.fixture.storage.fail(moment, StorageFault::Io, 1);
        assert_eq!(ann.verify(&bed, &flow, &code).await.page(), DOWN, "{moment:?}");
        assert!(
            ann.verify(&bed, &flow, &code)
                .await
                .location()
                .starts_with("/login/continue")
        );
        assert_eq!(ann.get(&bed, "/").await.signed_in(), "true");
    }
}

#[tokio::test(start_paused = true)]
async fn whatever_becomes_of_the_taking_an_authorization_code_is_redeemed_once() {
    for (failure, done) in [(lost(), true), (lost(), false), (refused(), false)] {
        let bed = Bed::new().await;
        let code = Browser::default().log_in(&bed).await;
        bed.store.fail("take", crate::redemption::CODE, failure, done);
        assert_eq!(bed.redeem(0, &code, VERIFIER).await.status, 200);
        assert_eq!(
            bed.redeem(1, &code, VERIFIER).await.error(),
            (400, "invalid_grant".into())
        );
        assert_eq!(
            bed.marked("redemption met a spent code"),
            usize::from(!done),
            "the ledger, if need be"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_redemption_that_was_not_recorded_gives_its_code_back() {
    let bed = Bed::new().await;
    let code = Browser::default().log_in(&bed).await;
    bed.fixture
        .storage
        .fail(StorageMoment::BeforeCommit, StorageFault::Io, 1);
    let refused = bed.redeem(0, &code, VERIFIER).await;
    assert_eq!(refused.error(), (503, "temporarily_unavailable".into()));
    assert_eq!(refused.header("retry-after"), "2");
    assert_eq!(bed.redeem(1, &code, VERIFIER).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_redemption_of_unknown_outcome_is_never_repeated() {
    let bed = Bed::new().await;
    let code = Browser::default().log_in(&bed).await;
    bed.fixture
        .storage
        .fail(StorageMoment::AfterCommit, StorageFault::Io, 1);
    assert_eq!(
        bed.redeem(0, &code, VERIFIER).await.error(),
        (503, "temporarily_unavailable".into())
    );
    assert_eq!(
        bed.redeem(1, &code, VERIFIER).await.error(),
        (400, "invalid_grant".into())
    );
}

#[tokio::test(start_paused = true)]
async fn nobody_is_logged_out_by_trouble() {
    let bed = Bed::new().await;
    let mut ann = Browser::default();
    ann.log_in(&bed).await;
    let cookie = ann.cookies["__Host-session"].clone();
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
        ann.cookies["__Host-session"], cookie,
        "kept, for the session is not ended"
    );
    assert_eq!(ann.get(&bed, "/").await.signed_in(), "true");
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_cannot_be_counted_is_not_a_free_guess() {
    let bed = Bed::new().await;
    let mut eve = Browser::default();
    let flow = eve.begin(&bed).await;
    eve.ask(&bed, &flow).await;
    let guess = if bed.out.codes(ANN) == ["000000"] {
        "000001"
    } else {
        "000000"
    };
    bed.fixture
        .storage
        .fail(StorageMoment::BeforeCommit, StorageFault::Io, 1);
    assert_eq!(eve.verify(&bed, &flow, guess).await.page(), DOWN);
}
