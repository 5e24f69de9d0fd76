//! How clients prove who they are, and what a code is good for.

use super::super::client::{Client, REDIRECT_URI};
use crate::testing::VERIFIER;

/// Presents a code a second time, so much later.
async fn is_refused_again(client: &mut Client, after_ms: u64) {
    let code = client.code(&[]).await;
    let tokens = client.redeem(&code, &[]).await.json();
    let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
    assert_eq!(client.bed.get("/userinfo", Some(&bearer)).await.status, 200);
    client.bed.fixture.clock.pass(after_ms);
    assert_eq!(client.redeem(&code, &[]).await.error(), (400, "invalid_grant".into()));
    // RFC 6749 section 4.1.2.
    assert_eq!(client.bed.get("/userinfo", Some(&bearer)).await.status, 401);
}

pub(in super::super) async fn code_reuse(client: &mut Client) {
    is_refused_again(client, 0).await;
    // Both at once: one of them gets tokens.
    let code = client.code(&[]).await;
    let other = client.another(1 - client.replica, client.address);
    let (a, b) = tokio::join!(client.redeem(&code, &[]), other.redeem(&code, &[]));
    let mut statuses = [a.status.as_u16(), b.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400]);
}

/// The twin's half a minute passes for both: a code lives for a minute.
pub(in super::super) async fn code_reuse_after_30_seconds(client: &mut Client) {
    is_refused_again(client, 30_000).await;
}

/// RFC 6749 section 4.1.2.1: an error for the person, and no redirect.
pub(in super::super) async fn registered_redirect_uri(client: &mut Client) {
    let elsewhere = format!("{REDIRECT_URI}/other");
    let refused = client.authorize(&[("redirect_uri", &elsewhere)]).await;
    assert_eq!(refused.page(), (400, "error", "redirect-uri"));
}

pub(in super::super) async fn client_secret_post(client: &mut Client) {
    let code = client.code(&[]).await;
    let answer = client
        .redeem(&code, &[("client_id", "grafana"), ("client_secret", "s3cret")])
        .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

/// There are none, and nobody is told that there are.
pub(in super::super) async fn refresh_token(client: &mut Client) {
    let metadata = client.document("/.well-known/openid-configuration").await;
    assert_eq!(
        metadata["grant_types_supported"],
        serde_json::json!(["authorization_code"])
    );
    let code = client
        .code(&[("scope", "openid offline_access"), ("prompt", "consent")])
        .await;
    assert_eq!(client.redeem(&code, &[]).await.json().get("refresh_token"), None);
}

pub(in super::super) async fn valid_pkce(client: &mut Client) {
    let with = [
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("code_challenge_method", "S256"),
    ];
    let code = client.code(&with).await;
    assert_eq!(client.redeem(&code, &[("code_verifier", VERIFIER)]).await.status, 200);
}
