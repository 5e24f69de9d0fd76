//! The demo client of a server for development: a relying party that a person can use at once, and whose callback shows the
//! tokens that it got.
//!
//! It is what a client's developer would write: the code flow with PKCE, `state`, `nonce` and `iss` (RFC 9700 section 2.1,
//! RFC 9207). It keeps nothing: what it must remember between the two redirects is in a cookie of the browser, one for each
//! login, so that those of several tabs do not disturb each other.

use axum::{
    Router,
    extract::{RawQuery, State},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, header};
use http_body_util::Full;
use idp::{
    hash::same,
    http::{
        client::send,
        server::{PortState, serve_connections},
    },
};
use maud::{DOCTYPE, Markup, html};
use seams::{Env, random_token};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, io, sync::Arc, time::Duration};
use tokio::sync::watch;
use url::form_urlencoded::{self, Serializer};

/// Its `client_id`.
pub(crate) const CLIENT: &str = "demo";
/// How long the service may take to answer.
const LIMIT: Duration = Duration::from_secs(5);

/// Headers of each page. Tokens are shown: nothing is loaded, kept or told to another site.
const HEADERS: [(HeaderName, &str); 3] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; base-uri 'none'",
    ),
];

/// The demo client.
pub(crate) struct Demo {
    pub(crate) env: Env,
    /// The service, as the browser knows it.
    pub(crate) issuer: String,
    /// The same, as the client reaches it: host and port.
    pub(crate) service: (String, u16),
    /// The client's own port, on loopback.
    pub(crate) port: u16,
}

impl Demo {
    /// Where its first page is.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    fn redirect_uri(&self) -> String {
        format!("http://127.0.0.1:{}/callback", self.port)
    }

    /// Serves it from now on.
    ///
    /// # Errors
    /// Its port is taken.
    pub(crate) async fn start(self) -> io::Result<()> {
        let listener = self.env.network.listen(self.port).await?;
        let env = self.env.clone();
        let router = Router::new()
            .route("/", get(first_page))
            .route("/login", get(log_in))
            .route("/callback", get(callback))
            .with_state(Arc::new(self));
        let (never_stopped, stop) = watch::channel(PortState::Open);
        env.clone().spawn(async move {
            serve_connections(env, listener, router, stop).await;
            drop(never_stopped);
        });
        Ok(())
    }

    async fn ask(&self, request: http::request::Builder, body: String) -> Result<(StatusCode, String), String> {
        let (host, port) = &self.service;
        let request = request
            .body(Full::new(Bytes::from(body)))
            .map_err(|error| error.to_string())?;
        let answer = send(&self.env, (host, *port), request, LIMIT).await;
        let answer = answer.map_err(|failure| failure.to_string())?;
        let text = String::from_utf8_lossy(answer.body()).into_owned();
        Ok((answer.status(), text))
    }

    /// Redeems a code (RFC 6749 section 4.1.3).
    async fn redeem(&self, code: &str, verifier: &str) -> Result<Value, String> {
        let form = Serializer::new(String::new())
            .append_pair("grant_type", "authorization_code")
            .append_pair("client_id", CLIENT)
            .append_pair("code", code)
            .append_pair("redirect_uri", &self.redirect_uri())
            .append_pair("code_verifier", verifier)
            .finish();
        let request = Request::post("/token").header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let (status, body) = self.ask(request, form).await?;
        match (status, serde_json::from_str(&body)) {
            (StatusCode::OK, Ok(tokens)) => Ok(tokens),
            _ => Err(format!("the token endpoint answered {status}: {body}")),
        }
    }

    async fn userinfo(&self, access_token: &str) -> Result<String, String> {
        let request = Request::get("/userinfo").header(header::AUTHORIZATION, format!("Bearer {access_token}"));
        let (status, body) = self.ask(request, String::new()).await?;
        match status {
            StatusCode::OK => Ok(pretty(&body)),
            _ => Err(format!("userinfo answered {status}: {body}")),
        }
    }
}

async fn first_page() -> Response {
    let body = html! {
        p { "A client of the login service, for trying it. Its callback shows the tokens that it gets." }
        p { a href="/login" { "Log in" } }
    };
    page(StatusCode::OK, "Demo client", &body)
}

/// Sends the browser to the authorization endpoint.
async fn log_in(State(demo): State<Arc<Demo>>) -> Response {
    let [state, nonce, verifier] = [(); 3].map(|()| random_token(&*demo.env.entropy));
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&verifier));
    let query = Serializer::new(String::new())
        .append_pair("response_type", "code")
        .append_pair("client_id", CLIENT)
        .append_pair("redirect_uri", &demo.redirect_uri())
        .append_pair("scope", "openid profile email")
        .append_pair("state", &state)
        .append_pair("nonce", &nonce)
        .append_pair("code_challenge", &challenge)
        .append_pair("code_challenge_method", "S256")
        .finish();
    let mut response = Redirect::to(&format!("{}/authorize?{query}", demo.issuer)).into_response();
    let name = cookie_of(&state);
    let cookie = format!("{name}={state}.{nonce}.{verifier}; Path=/callback; Max-Age=900; HttpOnly; SameSite=Lax");
    let cookie = HeaderValue::from_str(&cookie).expect("tokens are base64url");
    response.headers_mut().append(header::SET_COOKIE, cookie);
    response
}

/// Where the browser comes back to: shows what came of it.
async fn callback(State(demo): State<Arc<Demo>>, headers: HeaderMap, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    let params: BTreeMap<_, _> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    match finish(&demo, &headers, &params).await {
        Ok(tokens) => page(StatusCode::OK, "Logged in", &tokens),
        Err(why) => {
            let body = html! {
                p { (why) }
                p { a href="/login" { "Try again" } }
            };
            page(StatusCode::BAD_REQUEST, "Not logged in", &body)
        }
    }
}

async fn finish(demo: &Demo, headers: &HeaderMap, params: &BTreeMap<String, String>) -> Result<Markup, String> {
    let param = |name: &str| params.get(name).map(String::as_str).unwrap_or_default();
    let cookie = cookie(headers, &cookie_of(param("state")));
    let cookie = cookie.ok_or("this browser has no login under way with this `state`: begin with \"Log in\"")?;
    let mut kept = cookie.splitn(3, '.');
    let [state, nonce, verifier] = [(); 3].map(|()| kept.next().unwrap_or_default());
    if !same(param("state"), state) {
        return Err("`state` is not that of this browser's login".into());
    }
    if param("iss") != demo.issuer {
        return Err(format!("`iss` is not {} (RFC 9207 section 2.4)", demo.issuer));
    }
    if let Some(error) = params.get("error") {
        return Err(format!("the service answered {error}: {}", param("error_description")));
    }
    let tokens = demo.redeem(param("code"), verifier).await?;
    let text = |name: &str| tokens[name].as_str().unwrap_or_default();
    let (header, claims) = parts(text("id_token")).ok_or("the ID token is no JWT")?;
    let has_nonce = serde_json::from_str::<Value>(&claims).is_ok_and(|claims| claims["nonce"] == nonce);
    if !has_nonce {
        return Err("the ID token has another `nonce`".into());
    }
    let userinfo = demo.userinfo(text("access_token")).await?;
    Ok(html! {
        h2 { "ID token" }
        pre #id-token { (text("id_token")) }
        h3 { "Header" }
        pre { (header) }
        h3 { "Claims" }
        pre #claims { (claims) }
        h2 { "Access token" }
        p { "Good for " (tokens["expires_in"]) " seconds; scope " code { (text("scope")) } }
        pre #access-token { (text("access_token")) }
        h3 { "What /userinfo says with it" }
        pre #userinfo { (userinfo) }
        p { a href="/login" { "Log in again" } " · " a href={ (demo.issuer) "/" } { "Account page" } }
    })
}

/// Header and claims of a JWT. Its signature is not checked here: the token came from the token endpoint itself (OpenID
/// Connect Core section 3.1.3.7, step 6).
fn parts(token: &str) -> Option<(String, String)> {
    let mut parts = token.split('.').map(|part| {
        let bytes = URL_SAFE_NO_PAD.decode(part).ok()?;
        String::from_utf8(bytes).ok()
    });
    let (header, claims) = (parts.next()??, parts.next()??);
    Some((pretty(&header), pretty(&claims)))
}

fn pretty(json: &str) -> String {
    serde_json::from_str::<Value>(json).map_or_else(|_| json.to_owned(), |value| format!("{value:#}"))
}

/// The name of the cookie of a login: it ends with the beginning of its `state`.
fn cookie_of(state: &str) -> String {
    let beginning: String = state.chars().take(8).collect();
    format!("demo-{beginning}")
}

fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let pairs = headers
        .get_all(header::COOKIE)
        .into_iter()
        .filter_map(|value| value.to_str().ok());
    let mut pairs = pairs.flat_map(|value| value.split("; "));
    pairs.find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

fn page(status: StatusCode, title: &str, body: &Markup) -> Response {
    let html = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                link rel="icon" href="data:,";
                style {
                    "body{font:1rem/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem}"
                    "pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#8882;padding:.7rem;border-radius:.4rem}"
                }
            }
            body {
                h1 { (title) }
                (body)
            }
        }
    };
    let mut response = (status, axum::response::Html(html.into_string())).into_response();
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
