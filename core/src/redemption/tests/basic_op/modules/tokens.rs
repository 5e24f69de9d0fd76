//! Tokens, and what they say.

use super::super::client::{Client, NONCE, REDIRECT_URI, claims, jose_header, with_header};
use crate::testing::form;
use axum::body::Body;
use http::Request;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// OpenID Connect Core section 3.1.3.7, from the client's side.
pub(in super::super) async fn server(client: &mut Client) {
    let metadata = client.document("/.well-known/openid-configuration").await;
    for endpoint in [
        "authorization_endpoint",
        "token_endpoint",
        "userinfo_endpoint",
        "jwks_uri",
    ] {
        assert!(metadata[endpoint].is_string(), "{endpoint}");
    }
    let (_, claims) = client.tokens(&[]).await;
    assert_eq!(claims["nonce"], NONCE);
    let number = |name: &str| claims[name].as_u64().unwrap();
    assert!(number("iat") < number("exp") && number("auth_time") <= number("iat"));
    assert!(claims["at_hash"].is_string());
}

pub(in super::super) async fn signature(client: &mut Client) {
    use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, jwk::JwkSet};
    let code = client.code(&[]).await;
    let json = client.redeem(&code, &[]).await.json();
    let token = json["id_token"].as_str().unwrap();
    let keys: JwkSet = serde_json::from_value(client.document("/jwks").await).unwrap();
    let key = keys.find(jose_header(token)["kid"].as_str().unwrap()).unwrap();
    let mut rules = Validation::new(Algorithm::RS256);
    rules.validate_exp = false;
    rules.set_audience(&["grafana"]);
    let checked = decode::<Map<String, Value>>(token, &DecodingKey::from_jwk(key).unwrap(), &rules);
    assert_eq!(checked.unwrap().claims["sub"], client.subject());
}

/// Unsigned ID tokens are no choice of any client.
pub(in super::super) async fn unsigned(client: &mut Client) {
    let metadata = client.document("/.well-known/openid-configuration").await;
    let algorithms = metadata["id_token_signing_alg_values_supported"].as_array().unwrap();
    assert!(!algorithms.contains(&"none".into()));
    let code = client.code(&[]).await;
    let json = client.redeem(&code, &[]).await.json();
    assert_ne!(jose_header(json["id_token"].as_str().unwrap())["alg"], "none");
}

pub(in super::super) async fn userinfo_get(client: &mut Client) {
    let (token, _) = client.tokens(&[]).await;
    let request = Request::get("/userinfo").body(Body::empty()).unwrap();
    client.userinfo(with_header(request, &token)).await;
}

pub(in super::super) async fn userinfo_post_header(client: &mut Client) {
    let (token, _) = client.tokens(&[]).await;
    let request = Request::post("/userinfo").body(Body::empty()).unwrap();
    client.userinfo(with_header(request, &token)).await;
}

pub(in super::super) async fn userinfo_post_body(client: &mut Client) {
    let (token, _) = client.tokens(&[]).await;
    client.userinfo(form("/userinfo", &[("access_token", &token)])).await;
}

pub(in super::super) async fn without_nonce(client: &mut Client) {
    let (_, claims) = client.tokens(&[("nonce", "")]).await;
    assert_eq!(claims.get("nonce"), None);
}

/// The claims that a scope grants besides `sub`, in userinfo.
async fn granted(client: &mut Client, scope: &str) -> BTreeSet<String> {
    let (token, _) = client.tokens(&[("scope", scope)]).await;
    let request = Request::get("/userinfo").body(Body::empty()).unwrap();
    let json = client.userinfo(with_header(request, &token)).await;
    let names = json.as_object().unwrap().keys().cloned();
    names.filter(|name| name != "sub").collect()
}

fn names(all: &[&str]) -> BTreeSet<String> {
    all.iter().map(|name| (*name).to_owned()).collect()
}

pub(in super::super) async fn scope_profile(client: &mut Client) {
    assert_eq!(granted(client, "openid profile").await, names(&["name"]));
}

pub(in super::super) async fn scope_email(client: &mut Client) {
    let email = names(&["email", "email_verified"]);
    assert_eq!(granted(client, "openid email").await, email);
}

/// Nobody's address is known here: the scope is none that is supported, and is ignored (OpenID Connect Core section 3.1.2.1).
pub(in super::super) async fn scope_address(client: &mut Client) {
    assert_eq!(granted(client, "openid address").await, names(&[]));
}

pub(in super::super) async fn scope_phone(client: &mut Client) {
    assert_eq!(granted(client, "openid phone").await, names(&[]));
}

pub(in super::super) async fn scope_all(client: &mut Client) {
    let all = granted(client, "openid profile email address phone").await;
    assert_eq!(all, names(&["email", "email_verified", "name"]));
}

pub(in super::super) async fn other_scope_order(client: &mut Client) {
    let email = names(&["email", "email_verified"]);
    assert_eq!(granted(client, "email openid").await, email);
    let code = client.code(&[("scope", "email openid")]).await;
    let json = client.redeem(&code, &[("redirect_uri", REDIRECT_URI)]).await.json();
    assert_eq!(claims(json["id_token"].as_str().unwrap())["sub"], client.subject());
}
