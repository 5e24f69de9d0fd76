//! A code that comes again takes the token with it that was issued for it (RFC 6749 section 4.1.2).

use crate::{
    redemption::CODE,
    testing::{Browser, TestBed, VERIFIER},
};
use seams::{Cause, Failure, StorageFault, StorageMoment};

const WEB: &str = "https://app.example/callback";

async fn redeemed(bed: &TestBed) -> (String, String) {
    let code = Browser::default().log_in(bed).await;
    let tokens = bed.redeem(1, &code, VERIFIER).await.json();
    (code, format!("Bearer {}", tokens["access_token"].as_str().unwrap()))
}

async fn is_live(bed: &TestBed, bearer: &str) -> bool {
    let answer = bed.get("/userinfo", Some(bearer)).await;
    match answer.status.as_u16() {
        200 => true,
        _ => {
            assert_eq!(answer.error(), (401, "invalid_token".into()));
            false
        }
    }
}

/// Whatever became of the code in the store: taken, brought back by a failover, or gone long ago.
#[tokio::test(start_paused = true)]
async fn a_token_ends_with_the_reuse_of_its_code() {
    for brings_back in [false, true] {
        for pass_ms in [0, 30_000, 3_000_000] {
            let bed = TestBed::new().await;
            let code = Browser::default().log_in(&bed).await;
            if brings_back {
                let lost = Failure::Unknown(Cause::ConnectionLost("reset".into()));
                bed.store.fail("take", CODE, lost, false);
            }
            let tokens = bed.redeem(1, &code, VERIFIER).await.json();
            let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
            bed.fixture.clock.pass(pass_ms);
            assert!(is_live(&bed, &bearer).await);
            for _ in 0..2 {
                let refused = bed.redeem(0, &code, VERIFIER).await;
                assert_eq!(refused.error(), (400, "invalid_grant".into()));
                assert!(!is_live(&bed, &bearer).await, "{brings_back} {pass_ms}");
            }
        }
    }
}

/// Somebody who has found a spent code, and lacks what binds it, ends nothing.
#[tokio::test(start_paused = true)]
async fn nobody_else_revokes() {
    let bed = TestBed::new().await;
    let (code, bearer) = redeemed(&bed).await;
    let wrong = VERIFIER.replace('d', "e");
    for (client, secret, redirect_uri, verifier, refused) in [
        ("grafana", Some("s3cret"), WEB, VERIFIER, (400, "invalid_grant")),
        ("grafana", None, WEB, VERIFIER, (401, "invalid_client")),
        ("web", Some("s3cret"), WEB, VERIFIER, (401, "invalid_client")),
        ("web", None, "https://app.example/", VERIFIER, (400, "invalid_grant")),
        ("web", None, WEB, wrong.as_str(), (400, "invalid_grant")),
    ] {
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("client_id", client),
            ("redirect_uri", redirect_uri),
            ("code", &code),
            ("code_verifier", verifier),
        ];
        fields.extend(secret.map(|secret| ("client_secret", secret)));
        let (status, error) = bed.token(0, &fields).await.error();
        assert_eq!((status, error.as_str()), refused);
        assert!(is_live(&bed, &bearer).await, "{client} {redirect_uri} {verifier}");
    }
    let other = Browser::default().log_in(&bed).await;
    assert_eq!(bed.redeem(0, &other, VERIFIER).await.status, 200);
    assert!(is_live(&bed, &bearer).await, "another code");
}

/// "Denied" is said only when the token is dead; until then the client learns that a new code is needed, and may ask again.
#[tokio::test(start_paused = true)]
async fn a_reuse_that_could_not_revoke_is_not_answered_as_denied() {
    let bed = TestBed::new().await;
    let (code, bearer) = redeemed(&bed).await;
    bed.fixture
        .storage
        .fail(StorageMoment::BeforeCommit, StorageFault::Io, 1);
    let refused = bed.redeem(0, &code, VERIFIER).await;
    assert_eq!(refused.error(), (503, "temporarily_unavailable".into()));
    let says = &refused.json()["error_description"];
    assert_eq!(says, "the code may be spent or not; start again with a new one");
    assert!(is_live(&bed, &bearer).await);
    assert_eq!(
        bed.redeem(0, &code, VERIFIER).await.error(),
        (400, "invalid_grant".into())
    );
    assert!(!is_live(&bed, &bearer).await);
}
