//! PKCE, for each kind of client (RFC 7636, RFC 9700 section 2.1.1).

use crate::testing::{AUTHORIZE, Browser, Seen, TestBed, VERIFIER};

const CONFIDENTIAL_URI: &str = "https://grafana.example/login/generic_oauth";

fn confidential() -> String {
    let uri = url::form_urlencoded::byte_serialize(CONFIDENTIAL_URI.as_bytes()).collect::<String>();
    AUTHORIZE
        .replace("client_id=web", "client_id=grafana")
        .replace("https%3A%2F%2Fapp.example%2Fcallback", &uri)
}

fn without_challenge(url: &str) -> String {
    url.split("&code_challenge_method").next().unwrap().to_owned()
}

async fn redeem(bed: &TestBed, code: &str, verifier: Option<&str>) -> Seen {
    let mut fields = vec![
        ("grant_type", "authorization_code"),
        ("client_id", "grafana"),
        ("client_secret", "s3cret"),
        ("redirect_uri", CONFIDENTIAL_URI),
        ("code", code),
    ];
    fields.extend(verifier.map(|verifier| ("code_verifier", verifier)));
    bed.token(0, &fields).await
}

#[tokio::test(start_paused = true)]
async fn a_confidential_client_may_leave_it_out_and_a_public_one_may_not() {
    let bed = TestBed::new().await;
    let mut ann = Browser::default();
    ann.log_in(&bed).await;
    let refused = ann.get(&bed, &without_challenge(AUTHORIZE)).await;
    assert_eq!(refused.param("error"), "invalid_request");
    let code = ann.get(&bed, &without_challenge(&confidential())).await.param("code");
    assert_eq!(redeem(&bed, &code, None).await.status, 200);
}

/// Whoever takes the challenge out of a request, or the verifier, gets nothing; and nothing is burnt.
#[tokio::test(start_paused = true)]
async fn challenge_and_verifier_come_together_or_not_at_all() {
    let bed = TestBed::new().await;
    let mut ann = Browser::default();
    ann.log_in(&bed).await;
    let with = ann.get(&bed, &confidential()).await.param("code");
    let without = ann.get(&bed, &without_challenge(&confidential())).await.param("code");
    for (code, wrong, right) in [
        (&with, None, Some(VERIFIER)),
        (&without, Some(VERIFIER), None),
        (&without, Some("short"), None),
    ] {
        let refused = redeem(&bed, code, wrong).await;
        assert_eq!(refused.error(), (400, "invalid_grant".into()));
        if wrong != Some(VERIFIER) {
            assert_eq!(redeem(&bed, code, right).await.status, 200);
        }
    }
}
