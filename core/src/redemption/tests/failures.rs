//! What a redemption depends on fails: a code is redeemed once at most.

use crate::{
    redemption::CODE,
    testing::{Browser, TestBed, VERIFIER},
};
use seams::{Cause, Failure, StorageFault, StorageMoment};

fn lost() -> Failure {
    Failure::Unknown(Cause::ConnectionLost("reset".into()))
}

fn refused() -> Failure {
    Failure::Fail(Cause::Refused("READONLY".into()))
}

#[tokio::test(start_paused = true)]
async fn whatever_becomes_of_the_taking_an_authorization_code_is_redeemed_once() {
    for (failure, done) in [(lost(), true), (lost(), false), (refused(), false)] {
        let bed = TestBed::new().await;
        let code = Browser::default().log_in(&bed).await;
        bed.store.fail("take", CODE, failure, done);
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
    let bed = TestBed::new().await;
    let code = Browser::default().log_in(&bed).await;
    bed.fixture
        .storage
        .fail(StorageMoment::BeforeCommit, StorageFault::Io, 1);
    let refused = bed.redeem(0, &code, VERIFIER).await;
    assert_eq!(refused.error(), (503, "temporarily_unavailable".into()));
    assert_eq!(refused.header("retry-after"), "2");
    assert_eq!(bed.redeem(1, &code, VERIFIER).await.status, 200);
}

/// Whoever is told to try again must be able to: the code is there.
#[tokio::test(start_paused = true)]
async fn try_again_is_said_only_to_whom_it_can_help() {
    const AGAIN: &str = "try again in a moment";
    const ANEW: &str = "the code may be spent or not; start again with a new one";
    for (call, failure, done, says) in [
        ("take", refused(), false, AGAIN),
        ("take", lost(), true, ANEW),
        ("take", lost(), false, ANEW),
        ("put", refused(), false, ANEW),
        ("put", lost(), true, ANEW),
        ("get", lost(), true, AGAIN),
    ] {
        let bed = TestBed::new().await;
        let code = Browser::default().log_in(&bed).await;
        bed.store.fail(call, CODE, failure.clone(), done);
        if call != "get" {
            bed.fixture
                .storage
                .fail(StorageMoment::BeforeCommit, StorageFault::Io, 1);
        }
        let refused = bed.redeem(0, &code, VERIFIER).await;
        assert_eq!(refused.error(), (503, "temporarily_unavailable".into()));
        assert_eq!(refused.json()["error_description"], says, "{call}: {failure}");
        if says == AGAIN {
            assert_eq!(bed.redeem(1, &code, VERIFIER).await.status, 200);
        }
    }
}

/// A code that is over meanwhile helps nobody, whether it was taken or could not be.
#[tokio::test(start_paused = true)]
async fn nobody_is_told_to_try_again_with_a_code_that_is_over() {
    for is_taken in [true, false] {
        for (left_ms, says) in [
            (500, "the code may be spent or not; start again with a new one"),
            (5_000, "try again in a moment"),
        ] {
            let bed = TestBed::new().await;
            let code = Browser::default().log_in(&bed).await;
            bed.fixture.clock.follow_tokio();
            bed.fixture.clock.pass(60_000 - left_ms);
            if !is_taken {
                bed.store.fail("take", CODE, refused(), false);
            }
            // For longer than a writer waits for the lock.
            bed.fixture
                .storage
                .fail(StorageMoment::BeforeCommit, StorageFault::Busy, u32::MAX);
            let refused = bed.redeem(0, &code, VERIFIER).await;
            assert_eq!(refused.error(), (503, "temporarily_unavailable".into()));
            assert_eq!(
                refused.json()["error_description"],
                says,
                "taken: {is_taken}, left: {left_ms} ms"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_redemption_of_unknown_outcome_is_never_repeated() {
    let bed = TestBed::new().await;
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
