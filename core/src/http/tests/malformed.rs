//! Requests that no honest client sends: each gets a clear answer.

use crate::testing::{Browser, TestBed, form};
use axum::body::Body;
use http::{Method, Request, header};

#[tokio::test(start_paused = true)]
async fn whatever_comes_an_answer_goes_back() {
    let bed = TestBed::new().await;
    let long = "x".repeat(70_000);
    let typed = "application/x-www-form-urlencoded";
    for (method, path, kind, body, status) in [
        ("GET", "/nowhere", "", &b""[..], 404),
        ("DELETE", "/token", "", b"", 405),
        ("GET", "/login/verify", "", b"", 405),
        ("POST", "/token", "", b"grant_type=authorization_code", 400),
        ("POST", "/token", "application/json", b"{}", 400),
        ("POST", "/token", typed, b"%ff%fe=%00&&&==&=", 400),
        ("POST", "/token", typed, &[0xff; 100], 400),
        ("POST", "/token", typed, long.as_bytes(), 413),
        ("POST", "/login/send", typed, long.as_bytes(), 413),
        ("POST", "/login/send", "text/plain", b"flow=x", 400),
        ("POST", "/login/send", typed, b"", 400),
        ("POST", "/login/verify", typed, b"flow=x&flow=y", 400),
        (
            "POST",
            "/login/verify",
            "multipart/form-data; boundary=x",
            b"--x--",
            400,
        ),
        ("GET", "/login?flow=%00%ff", "", b"", 400),
        ("GET", "/login?flow=../../etc", "", b"", 400),
        ("GET", "/authorize?%", "", b"", 400),
        ("GET", "/authorize?client_id=%ff", "", b"", 400),
        ("POST", "/authorize", "", b"", 400),
    ] {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::CONTENT_TYPE, kind);
        let seen = bed.call(0, request.body(Body::from(body.to_vec())).unwrap()).await;
        assert_eq!(seen.status, status, "{method} {path}");
        assert_eq!(seen.header("x-correlation-id").len(), 16);
        if path == "/token" && status != 405 {
            assert!(!seen.json()["error"].as_str().unwrap().is_empty());
        } else {
            assert_eq!(seen.page().1, "error", "{method} {path}");
            assert!(seen.body.contains(seen.header("x-correlation-id")), "the page shows it");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn headers_may_be_anything() {
    let bed = TestBed::new().await;
    let cookies = [
        &b"__Host-session=\xff"[..],
        b";;;=;",
        b"__Host-session",
        b"__Host-session=a; __Host-session=b",
    ];
    for cookie in cookies {
        let request = Request::get("/")
            .header(header::COOKIE, cookie)
            .body(Body::empty())
            .unwrap();
        assert_eq!(bed.call(0, request).await.page(), (200, "account", ""));
    }
    for authorization in [&b"\xff"[..], b"", b"Bearer", b"Bearer ", b"Basic x", b"Bearer \t "] {
        let request = Request::get("/userinfo").header(header::AUTHORIZATION, authorization);
        assert_eq!(bed.call(0, request.body(Body::empty()).unwrap()).await.status, 401);
        let mut request = form("/token", &[("grant_type", "authorization_code")]);
        request.headers_mut().insert(
            header::AUTHORIZATION,
            http::HeaderValue::from_bytes(authorization).unwrap(),
        );
        assert_eq!(bed.call(0, request).await.error(), (401, "invalid_client".into()));
    }
}

#[tokio::test(start_paused = true)]
async fn forms_of_other_sites_are_refused() {
    let bed = TestBed::new().await;
    for (name, value, status) in [
        ("sec-fetch-site", "cross-site", 403),
        ("sec-fetch-site", "same-site", 403),
        ("origin", "https://evil.example", 403),
        ("origin", "https://login.example.evil", 403),
        ("sec-fetch-site", "same-origin", 303),
        ("origin", "https://login.example", 303),
        ("origin", "null", 303),
    ] {
        let mut request = form("/logout", &[]);
        request.headers_mut().insert(name, value.parse().unwrap());
        assert_eq!(bed.call(0, request).await.status, status, "{name}: {value}");
    }
}

#[tokio::test(start_paused = true)]
async fn pages_are_closed_to_everything_foreign() {
    let bed = TestBed::new().await;
    let mut ann = Browser::default();
    let flow = ann.begin(&bed).await;
    let page = ann.get(&bed, &format!("/login?flow={flow}")).await;
    let policy = page.header("content-security-policy");
    for rule in ["default-src 'none'", "frame-ancestors 'none'"] {
        assert!(policy.contains(rule), "{rule} in {policy}");
    }
    // Browsers would apply it to the redirects of the client, too.
    assert!(!policy.contains("form-action"), "{policy}");
    assert!(!policy.contains("unsafe"));
    for (name, value) in [
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
        ("date", ""), // the real clock's: not ours to send
    ] {
        assert_eq!(page.header(name), value);
    }
    // The hashes admit what is on the page.
    use base64::{Engine, engine::general_purpose::STANDARD};
    use sha2::{Digest, Sha256};
    for tag in ["style", "script"] {
        let (_, rest) = page.body.split_once(&format!("<{tag}>")).unwrap();
        let (text, _) = rest.split_once(&format!("</{tag}>")).unwrap();
        let hash = STANDARD.encode(Sha256::digest(text.as_bytes()));
        assert!(policy.contains(&format!("{tag}-src 'sha256-{hash}'")));
    }
    let preflight = Request::builder()
        .method(Method::OPTIONS)
        .uri("/login")
        .body(Body::empty())
        .unwrap();
    assert_eq!(bed.call(0, preflight).await.status, 405);
}
