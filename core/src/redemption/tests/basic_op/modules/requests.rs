//! Authorization requests that have more, or less, than usual.

use super::super::client::Client;

/// A parameter that may be ignored changes nothing.
async fn is_ignored(client: &mut Client, name: &'static str, value: &str) {
    client.tokens(&[(name, value)]).await;
}

/// RFC 6749 section 4.1.2.1: an error that the client gets.
async fn is_refused(client: &mut Client, with: &[(&'static str, &str)], error: &str) {
    let back = client.authorize(with).await;
    assert_eq!((back.param("error"), back.param("code")), (error.into(), String::new()));
    assert_eq!(back.param("state"), "a-state");
}

pub(in super::super) async fn response_type_missing(client: &mut Client) {
    is_refused(client, &[("response_type", "")], "invalid_request").await;
}

pub(in super::super) async fn display_page(client: &mut Client) {
    is_ignored(client, "display", "page").await;
}

pub(in super::super) async fn display_popup(client: &mut Client) {
    is_ignored(client, "display", "popup").await;
}

pub(in super::super) async fn unknown_parameter(client: &mut Client) {
    is_ignored(client, "extra", "foobar").await;
}

pub(in super::super) async fn login_hint(client: &mut Client) {
    is_ignored(client, "login_hint", "somebody@example.com").await;
}

pub(in super::super) async fn ui_locales(client: &mut Client) {
    is_ignored(client, "ui_locales", "se").await;
}

pub(in super::super) async fn claims_locales(client: &mut Client) {
    is_ignored(client, "claims_locales", "se").await;
}

/// `acr` says which of them the login met, if any (OpenID Connect Core section 3.1.2.1).
pub(in super::super) async fn acr_values(client: &mut Client) {
    let metadata = client.document("/.well-known/openid-configuration").await;
    let (_, claims) = client.tokens(&[("acr_values", "1 2")]).await;
    assert!(
        metadata["acr_values_supported"]
            .as_array()
            .unwrap()
            .contains(&claims["acr"])
    );
    assert!(claims["amr"].is_array());
}

/// OpenID Connect Core section 3.1.2.1: by POST as well. The browser is sent on to the same request by GET.
pub(in super::super) async fn post_request(client: &mut Client) {
    let params = Client::params(&[]);
    let fields: Vec<(&str, &str)> = params.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let posted = client.browser.post(&client.bed, "/authorize", &fields).await;
    assert!(posted.location().starts_with("/authorize?"), "{}", posted.location());
    let begun = client.browser.get(&client.bed, posted.location()).await;
    let back = client.finish(begun).await;
    let code = client.code_of(&back);
    assert_eq!(client.redeem(&code, &[]).await.status, 200);
}

/// OpenID Connect Core section 3.1.2.6: what is not supported is said by its own code.
pub(in super::super) async fn request_uri(client: &mut Client) {
    let with = [("request_uri", "https://grafana.example/request.jwt")];
    is_refused(client, &with, "request_uri_not_supported").await;
}

/// `{"alg":"none"}`, and a `state` of its own.
const REQUEST: &str = "eyJhbGciOiJub25lIn0.eyJzdGF0ZSI6Im90aGVyIn0.";

pub(in super::super) async fn request_object(client: &mut Client) {
    is_refused(client, &[("request", REQUEST)], "request_not_supported").await;
}

/// Nothing of the object is looked at, least of all where to answer.
pub(in super::super) async fn request_object_with_redirect_uri(client: &mut Client) {
    let metadata = client.document("/.well-known/openid-configuration").await;
    assert_eq!(metadata["request_parameter_supported"], false);
    is_refused(client, &[("request", REQUEST)], "request_not_supported").await;
}

/// `claims` is not supported, and says so; the request is answered without it.
pub(in super::super) async fn claims_essential(client: &mut Client) {
    let metadata = client.document("/.well-known/openid-configuration").await;
    assert_eq!(metadata["claims_parameter_supported"], false);
    is_ignored(client, "claims", r#"{"userinfo":{"name":{"essential":true}}}"#).await;
}
