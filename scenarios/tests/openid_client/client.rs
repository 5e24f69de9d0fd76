//! The `openidconnect` crate, somebody else's client, logs in twice: once with a mailed code, and
//! once more on the strength of the session. Runs over any way to send a request.

use idp::seams::BoxFuture;
use openidconnect::{
    AccessTokenHash, AuthorizationCode, ClientId, ClientSecret, CsrfToken, IssuerUrl, Nonce, OAuth2TokenResponse,
    PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope, TokenResponse,
    core::{CoreAuthenticationFlow, CoreClient, CoreProviderMetadata, CoreUserInfoClaims},
    http::{Method, Request, Response, StatusCode, header},
};
use std::{collections::BTreeMap, io};
use url::Url;

/// Sends one request to the service.
pub type Send = Box<
    dyn Fn(Request<Vec<u8>>) -> BoxFuture<'static, Result<Response<Vec<u8>>, io::Error>> + std::marker::Send + Sync,
>;

/// What the client is registered as, and who logs in.
pub struct Registration {
    pub issuer: &'static str,
    pub client_id: &'static str,
    pub secret: Option<&'static str>,
    pub redirect: &'static str,
    pub address: &'static str,
}

/// What a login led to.
#[derive(Debug, PartialEq, Eq)]
pub struct LoggedIn {
    pub subject: String,
    pub email: Option<String>,
}

/// Logs in twice. `code` gives the one-time code once it has been mailed; `secret` gives fresh
/// secrets of 43 characters; `now` is Unix time in seconds.
pub async fn log_in_twice(
    registration: &Registration,
    send: Send,
    code: impl Fn() -> BoxFuture<'static, String>,
    secret: impl Fn() -> String,
    now: impl Fn() -> i64 + Clone + std::marker::Send + Sync,
) -> [LoggedIn; 2] {
    let mut browser = Browser {
        send: &send,
        issuer: Url::parse(registration.issuer).expect("a URL"),
        cookies: BTreeMap::new(),
    };
    let first = log_in(registration, &send, &mut browser, Some(&code), &secret, now.clone()).await;
    let second = log_in(
        registration,
        &send,
        &mut browser,
        None::<&fn() -> BoxFuture<'static, String>>,
        &secret,
        now,
    )
    .await;
    [first, second]
}

async fn log_in<C: Fn() -> BoxFuture<'static, String>>(
    registration: &Registration,
    send: &Send,
    browser: &mut Browser<'_>,
    code: Option<&C>,
    secret: &impl Fn() -> String,
    now: impl Fn() -> i64 + std::marker::Send + Sync,
) -> LoggedIn {
    let issuer = IssuerUrl::new(registration.issuer.into()).expect("an issuer");
    let provider = CoreProviderMetadata::discover_async(issuer, send)
        .await
        .expect("discovery");
    let client = CoreClient::from_provider_metadata(
        provider,
        ClientId::new(registration.client_id.into()),
        registration.secret.map(|s| ClientSecret::new(s.into())),
    )
    .set_redirect_uri(RedirectUrl::new(registration.redirect.into()).expect("a redirect URI"));
    let verifier = PkceCodeVerifier::new(secret());
    let (url, state, nonce) = client
        .authorize_url(
            CoreAuthenticationFlow::AuthorizationCode,
            || CsrfToken::new(secret()),
            || Nonce::new(secret()),
        )
        .add_scope(Scope::new("email".into()))
        .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
        .url();

    let callback = browser.authorize(url, registration, code).await;
    let answer: BTreeMap<String, String> = callback.query_pairs().into_owned().collect();
    assert!(callback.as_str().starts_with(registration.redirect), "{callback}");
    assert_eq!(answer["state"], *state.secret(), "the state comes back");
    assert_eq!(
        answer["iss"], registration.issuer,
        "RFC 9207: the issuer comes with the code"
    );

    let tokens = client
        .exchange_code(AuthorizationCode::new(answer["code"].clone()))
        .expect("the provider has a token endpoint")
        .set_pkce_verifier(verifier)
        .request_async(send)
        .await
        .expect("the code is redeemed");
    let id_token = tokens.id_token().expect("an ID token");
    let checker = client
        .id_token_verifier()
        .set_time_fn(move || chrono::DateTime::from_timestamp(now(), 0).expect("a time"));
    let claims = id_token.claims(&checker, &nonce).expect("a valid ID token");
    if let Some(expected) = claims.access_token_hash() {
        let algorithm = id_token.signing_alg().expect("a known algorithm");
        let key = id_token.signing_key(&checker).expect("a known key");
        let hash = AccessTokenHash::from_token(tokens.access_token(), algorithm, key).expect("a hash");
        assert_eq!(hash, *expected, "at_hash");
    }
    let info: CoreUserInfoClaims = client
        .user_info(tokens.access_token().clone(), Some(claims.subject().clone()))
        .expect("the provider has a userinfo endpoint")
        .request_async(send)
        .await
        .expect("userinfo");
    LoggedIn {
        subject: info.subject().to_string(),
        email: info.email().map(|e| e.to_string()),
    }
}

/// Just enough of a browser: cookies, redirects, forms by their action.
struct Browser<'a> {
    send: &'a Send,
    issuer: Url,
    cookies: BTreeMap<String, String>,
}

impl Browser<'_> {
    /// From the authorize URL to the redirect URI.
    async fn authorize<C: Fn() -> BoxFuture<'static, String>>(
        &mut self,
        url: Url,
        registration: &Registration,
        code: Option<&C>,
    ) -> Url {
        let landed = self.go(Method::GET, url, String::new()).await;
        let Some(code) = code else {
            return landed.expect_err("the session makes the login page unnecessary");
        };
        let (login, page) = landed.expect("the login page");
        let flow = hidden(&page, "flow");
        let form = |fields: &[(&str, &str)]| {
            url::form_urlencoded::Serializer::new(String::new())
                .extend_pairs(fields)
                .finish()
        };
        let sent = form(&[("flow", &flow), ("address", registration.address)]);
        let (asked, page) = self
            .go(Method::POST, login.join("/login/send").expect("a URL"), sent)
            .await
            .expect("the code page");
        let typed = code().await;
        let typed = form(&[("flow", &hidden(&page, "flow")), ("code", &typed)]);
        self.go(Method::POST, asked.join("/login/verify").expect("a URL"), typed)
            .await
            .expect_err("back at the relying party")
    }

    /// Follows redirects: a page of the service, or the first URL outside it.
    async fn go(&mut self, mut method: Method, mut url: Url, mut body: String) -> Result<(Url, String), Url> {
        for _ in 0..10 {
            if url.origin() != self.issuer.origin() || url.path().ends_with("/demo") {
                return Err(url);
            }
            let cookies = self
                .cookies
                .iter()
                .map(|(n, v)| format!("{n}={v}"))
                .collect::<Vec<_>>()
                .join("; ");
            let mut request = Request::builder()
                .method(method.clone())
                .uri(url.as_str())
                .header(header::COOKIE, cookies);
            if method == Method::POST {
                request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
            }
            let reply = (self.send)(request.body(body.clone().into_bytes()).expect("a request"))
                .await
                .expect("an answer");
            for set in reply.headers().get_all(header::SET_COOKIE) {
                let set = set.to_str().expect("text");
                let (name, value) = set.split(';').next().expect("a pair").split_once('=').expect("a pair");
                self.cookies.insert(name.into(), value.into());
            }
            if !reply.status().is_redirection() {
                let page = String::from_utf8(reply.body().clone()).expect("UTF-8");
                assert_eq!(reply.status(), StatusCode::OK, "{url}: {page}");
                return Ok((url, page));
            }
            let to = reply.headers()[header::LOCATION].to_str().expect("text");
            (method, url, body) = (Method::GET, url.join(to).expect("a URL"), String::new());
        }
        panic!("more than ten redirects, the last to {url}");
    }
}

/// The value of a hidden field.
fn hidden(page: &str, name: &str) -> String {
    let field = page
        .split("<input")
        .find(|input| input.contains(&format!("name=\"{name}\"")))
        .expect("the field");
    field
        .split("value=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .expect("its value")
        .to_owned()
}
