//! Signing out by a client, as the person and the client see it.

use crate::testing::{AUTHORIZE, Browser, TestBed, VERIFIER};

const BYE: &str = "post_logout_redirect_uri=https%3A%2F%2Fweb.example%2Fbye";

async fn signed_in(bed: &TestBed) -> (Browser, String) {
    let mut ann = Browser::default();
    let code = ann.log_in(bed).await;
    let tokens = bed.redeem(0, &code, VERIFIER).await.json();
    (ann, tokens["id_token"].as_str().unwrap().to_owned())
}

#[tokio::test(start_paused = true)]
async fn a_client_with_the_persons_id_token_signs_them_out_at_once() {
    let bed = TestBed::new().await;
    let (mut ann, hint) = signed_in(&bed).await;
    ann.replica = 1;
    let gone = ann
        .get(&bed, &format!("/end-session?id_token_hint={hint}&{BYE}&state=a%26b"))
        .await;
    assert_eq!(gone.location(), "https://web.example/bye?state=a%26b");
    assert_eq!(ann.get(&bed, "/").await.signed_in(), "false");
    let again = ann.get(&bed, &format!("/end-session?id_token_hint={hint}")).await;
    assert_eq!(again.location(), "/", "nobody is signed in, and nothing is asked");
    let mut eve = Browser::default();
    let nobody = eve.get(&bed, "/end-session").await;
    assert_eq!(
        nobody.header("set-cookie"),
        "",
        "a session that is not found may be there"
    );
}

#[tokio::test(start_paused = true)]
async fn anybody_else_has_to_ask_the_person() {
    let bed = TestBed::new().await;
    let (mut ann, _) = signed_in(&bed).await;
    let mut bob = Browser::default();
    let code = bob.log_in_as(&bed, "bob@example.com").await;
    let tokens = bed.redeem(0, &code, VERIFIER).await.json();
    let about_bob = format!("id_token_hint={}", tokens["id_token"].as_str().unwrap());
    for query in ["", "client_id=web", &format!("client_id=web&{BYE}&state=s"), &about_bob] {
        let asked = ann.get(&bed, &format!("/end-session?{query}")).await;
        assert_eq!(asked.page(), (200, "sign-out", ""), "{query}");
        assert_eq!(ann.get(&bed, "/").await.signed_in(), "true", "{query}");
    }
    let fields = [
        ("client_id", "web"),
        ("post_logout_redirect_uri", "https://web.example/bye"),
        ("state", "s"),
    ];
    let gone = ann.post(&bed, "/end-session/confirm", &fields).await;
    assert_eq!(gone.location(), "https://web.example/bye?state=s");
    assert_eq!(ann.get(&bed, "/").await.signed_in(), "false");
}

#[tokio::test(start_paused = true)]
async fn nobody_is_sent_where_nobody_registered() {
    let bed = TestBed::new().await;
    let (mut ann, hint) = signed_in(&bed).await;
    let long = format!("client_id=web&{BYE}&state={}", "%7B".repeat(2000));
    for (query, error) in [
        (BYE.to_owned(), "post-logout-redirect-uri"),
        (format!("client_id=web&{BYE}x"), "post-logout-redirect-uri"),
        (format!("client_id=grafana&{BYE}"), "post-logout-redirect-uri"),
        (format!("client_id=nobody&{BYE}"), "unknown-client-signs-out"),
        (format!("id_token_hint=x&{BYE}"), "not-our-id-token"),
        (
            format!("id_token_hint={hint}&client_id=grafana"),
            "another-clients-id-token",
        ),
        (format!("client_id=web&client_id=web&{BYE}"), "malformed"),
        (long, "return-too-long"),
    ] {
        let refused = ann.get(&bed, &format!("/end-session?{query}")).await;
        assert_eq!(refused.page(), (400, "error", error), "{query}");
        assert_eq!(ann.get(&bed, "/").await.signed_in(), "true", "{query}");
    }
    let fields = [
        ("client_id", "web"),
        ("post_logout_redirect_uri", "https://evil.example/"),
    ];
    let refused = ann.post(&bed, "/end-session/confirm", &fields).await;
    assert_eq!(refused.page(), (400, "error", "post-logout-redirect-uri"));
    let asked = Browser::default()
        .post(&bed, "/end-session", &[("client_id", "web")])
        .await;
    assert_eq!(
        asked.page(),
        (200, "sign-out", ""),
        "a form of another site has no cookie"
    );
    assert!(asked.body.contains("WEB"));
    let back = ann.get(&bed, AUTHORIZE).await;
    assert!(!back.param("code").is_empty(), "still signed in");
}
