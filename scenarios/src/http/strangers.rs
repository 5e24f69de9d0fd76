//! A stranger who sends what is allowed at its largest. Nothing of it needs an account: a client's identifier and its redirect
//! URI are in the address bar of anybody who logs in there.

use crate::{
    exchange::{Asking, ask},
    people::browser::{PATIENCE_PER_REQUEST, authority},
    world::{RelyingPartyOptions, Scene},
};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, header};
use idp::http::client::Client;
use spec::Settings;
use std::{sync::LazyLock, time::Duration};
use tokio::time::sleep;
use url::{Url, form_urlencoded::byte_serialize};

/// As long as a line of a request's head may be (core/LIMITS.md), bytes.
static LINE_BYTES_MAX: LazyLock<usize> =
    LazyLock::new(|| Settings::default().get("bytes of a line of a request's head") as usize);

/// As large as a form may be, bytes.
static FORM_BYTES_MAX: LazyLock<usize> = LazyLock::new(|| Settings::default().get("bytes of a form") as usize);

/// Sends the requests of [`largest`] through the balancer, one after the other, again and again.
pub(super) async fn send_largest(scene: &Scene, who: &str, requests: u32, every: Duration) {
    let asking = Asking::new(scene, who);
    let issuer = Url::parse(&scene.issuer).expect("the issuer is a URL");
    let host = HeaderValue::from_str(&authority(&issuer)).expect("a host is a header");
    let (host_of_balancer, port) = &scene.balancer;
    for mut request in largest(&scene.clients[0]).into_iter().cycle().take(requests as usize) {
        request.headers_mut().insert(header::HOST, host.clone());
        let client = Client::new(&scene.env);
        // The answer is in the history.
        drop(
            ask(
                &asking,
                &client,
                (host_of_balancer, *port),
                request,
                PATIENCE_PER_REQUEST,
            )
            .await,
        );
        sleep(every).await;
    }
}

/// Requests, each of which is large in another way. The first ones are answered with a redirect that contains what was sent.
fn largest(client: &RelyingPartyOptions) -> Vec<Request<Bytes>> {
    // RFC 7636 appendix B.
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    let redirect_uri: String = byte_serialize(client.redirect_uri.as_bytes()).collect();
    let asks = |more: &str| {
        format!(
            "response_type=code&client_id={}&redirect_uri={redirect_uri}&scope=openid&code_challenge={CHALLENGE}\
             &code_challenge_method=S256&{more}",
            client.client_id
        )
    };
    let authorize = |more: &str| get(&format!("/authorize?{}", asks(more)));
    let with_state = |state: &str, more: &str| authorize(&format!("state={state}{more}"));
    let of_bytes = |bytes: usize| "a".repeat(bytes);
    let fill = |path: &str| {
        let around = format!("GET {path} HTTP/1.1\r\n").len();
        get(&format!("{path}{}", of_bytes(*LINE_BYTES_MAX - around)))
    };
    let line = |name: &str, bytes: usize| (name.to_owned(), of_bytes(bytes - name.len() - ": \r\n".len()));
    let numbered = |count: usize, bytes: usize| (0..count).map(|n| line(&format!("x-{n}"), bytes)).collect::<Vec<_>>();
    vec![
        // A byte becomes three on its way back.
        with_state(&"%7B".repeat(2_048), "&prompt=none"),
        with_state(&"%7B".repeat(990), "&prompt=none"),
        with_state(&"%C3%A4".repeat(1_024), "&prompt=none"),
        with_state(&of_bytes(7_500), "&prompt=none"),
        with_state(&of_bytes(2_048), &format!("&nonce={}", of_bytes(2_048))),
        with_state(&"%7B".repeat(2_048), "&request=x"),
        with_state(&"%7B".repeat(2_048), "&prompt=none&prompt=none"),
        with_state(&"%7B".repeat(2_048), ""),
        post(
            "/authorize",
            &asks(&format!("prompt=none&state={}", "%7B".repeat(20_000))),
        ),
        // Large where nothing goes back.
        authorize(&format!("nonce={}", "%7B".repeat(2_048))),
        fill("/login?flow="),
        fill("/login/continue?flow="),
        fill("/nowhere/"),
        post(
            "/token",
            &format!("grant_type=authorization_code&client_id={}", of_bytes(60_000)),
        ),
        post("/login/verify", &format!("flow={}&code=1", of_bytes(60_000))),
        post("/login/send", &of_bytes(1_000_000)),
        // Answered before all of it has come.
        post("/nowhere", &of_bytes(1_000_000)),
        post("/jwks", &of_bytes(1_000_000)),
        of_another_kind(post("/token", &of_bytes(1_000_000))),
        of_another_kind(post("/authorize", &of_bytes(1_000_000))),
        with_lines(get("/jwks"), &[line("cookie", *LINE_BYTES_MAX)]),
        with_lines(get("/userinfo"), &[line("authorization", *LINE_BYTES_MAX)]),
        with_lines(get("/jwks"), &numbered(3, *LINE_BYTES_MAX)),
        // More lines than the service takes, before and after it has read them all.
        with_lines(get("/jwks"), &numbered(300, 20)),
        with_lines(get("/jwks"), &numbered(400, 60)),
        with_lines(post("/token", &of_bytes(1_000_000)), &numbered(300, 20)),
        // Forms that are as large as they may be, and one byte larger.
        with_form_of(*FORM_BYTES_MAX),
        with_form_of(*FORM_BYTES_MAX + 1),
        // What the balancer refuses by itself.
        get(&format!("/jwks?{}", of_bytes(*LINE_BYTES_MAX))),
        with_lines(get("/jwks"), &[line("cookie", *LINE_BYTES_MAX + 1)]),
    ]
}

/// A request for tokens whose form has so many bytes.
fn with_form_of(bytes: usize) -> Request<Bytes> {
    let form = "grant_type=authorization_code&client_id=";
    post("/token", &format!("{form}{}", "a".repeat(bytes - form.len())))
}

fn get(target: &str) -> Request<Bytes> {
    let request = Request::builder().method(Method::GET).uri(target).body(Bytes::new());
    request.expect("made of valid parts")
}

fn post(path: &str, form: &str) -> Request<Bytes> {
    let request = Request::builder()
        .method(Method::POST)
        .uri(path)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Bytes::from(form.to_owned()));
    request.expect("made of valid parts")
}

fn of_another_kind(mut request: Request<Bytes>) -> Request<Bytes> {
    let kind = HeaderValue::from_static("text/plain");
    request.headers_mut().insert(header::CONTENT_TYPE, kind);
    request
}

fn with_lines(mut request: Request<Bytes>, lines: &[(String, String)]) -> Request<Bytes> {
    for (name, value) in lines {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
        let value = HeaderValue::from_str(value).expect("a value");
        request.headers_mut().append(name, value);
    }
    request
}
