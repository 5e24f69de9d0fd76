//! The `openidconnect` crate, somebody else's client, logs in twice: once with a mailed code, and
//! once more on the strength of the session. Runs over any way to send a request.

use openidconnect::{
    AccessTokenHash, AsyncHttpClient, AuthorizationCode, ClientId, ClientSecret, CsrfToken, IssuerUrl, Nonce,
    OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope, TokenResponse,
    core::{CoreAuthenticationFlow, CoreClient, CoreProviderMetadata, CoreUserInfoClaims},
    http::{Method, Request, Response, StatusCode, header},
};
use seams::BoxFuture;
use std::{collections::BTreeMap, io, marker, sync::Arc};
use url::Url;

/// Sends one request to the service.
pub(crate) struct Send(pub(crate) Box<Exchange>);
type Exchange = dyn Fn(Request<Vec<u8>>) -> Answer + marker::Send + Sync;
type Answer = BoxFuture<'static, Result<Response<Vec<u8>>, io::Error>>;

// By hand, for every lifetime: the crate's own implementation for closures is not general enough
// for a future that has to be `Send`.
impl AsyncHttpClient<'_> for Send {
    type Error = io::Error;
    type Future = Answer;
    fn call(&self, request: Request<Vec<u8>>) -> Answer {
        (self.0)(request)
    }
}

/// Gives the one-time code once it has been mailed.
pub(crate) type Code = Arc<dyn Fn() -> BoxFuture<'static, String> + marker::Send + Sync>;
/// Gives fresh secrets of 43 characters.
pub(crate) type Secret = Arc<dyn Fn() -> String + marker::Send + Sync>;
/// Gives Unix time in seconds.
pub(crate) type Now = Arc<dyn Fn() -> i64 + marker::Send + Sync>;

/// What the client is registered as, and who logs in.
pub(crate) struct Registration {
    pub(crate) issuer: &'static str,
    pub(crate) client_id: &'static str,
    pub(crate) secret: Option<&'static str>,
    pub(crate) redirect: &'static str,
    pub(crate) address: &'static str,
}

/// What a login led to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct LoggedIn {
    pub(crate) subject: String,
    pub(crate) email: Option<String>,
}

/// Logs in twice.
pub(crate) async fn log_in_twice(
    registration: &Registration,
    send: Send,
    code: Code,
    secret: Secret,
    now: Now,
) -> [LoggedIn; 2] {
    let mut browser = Browser {
        send: &send,
        issuer: Url::parse(registration.issuer).expect("a URL"),
        cookies: BTreeMap::new(),
    };
    let first = log_in(
        registration,
        &send,
        &mut browser,
        Some(code),
        secret.clone(),
        now.clone(),
    )
    .await;
    let second = log_in(registration, &send, &mut browser, None, secret, now).await;
    [first, second]
}

async fn log_in(
    registration: &Registration,
    send: &Send,
    browser: &mut Browser<'_>,
    code: Option<Code>,
    secret: Secret,
    now: Now,
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
    let (fresh_state, fresh_nonce) = (secret(), secret());
    let (url, state, nonce) = client
        .authorize_url(
            CoreAuthenticationFlow::AuthorizationCode,
            move || CsrfToken::new(fresh_state),
            move || Nonce::new(fresh_nonce),
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
    async fn authorize(&mut self, url: Url, registration: &Registration, code: Option<Code>) -> Url {
        let landed = self.go(Method::GET, url, String::new()).await;
        let form = |fields: &[(&str, &str)]| {
            url::form_urlencoded::Serializer::new(String::new())
                .extend_pairs(fields)
                .finish()
        };
        let Some(code) = code else {
            // The session makes the login page unnecessary. Of an application on their own computer people are asked whether
            // they want to go on to it (RFC 8252 section 8.6).
            let (asked, page) = match landed {
                Err(back) => return back,
                Ok(page) => page,
            };
            assert_eq!(asked.path(), "/login/consent");
            let given = form(&[("flow", &hidden(&page, "flow"))]);
            return self
                .go(Method::POST, asked.join("/login/consent").expect("a URL"), given)
                .await
                .expect_err("back at the relying party");
        };
        let (login, page) = landed.expect("the login page");
        let flow = hidden(&page, "flow");
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
            let reply = (self.send.0)(request.body(body.clone().into_bytes()).expect("a request"))
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
