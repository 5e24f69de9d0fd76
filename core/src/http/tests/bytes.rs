//! Any bytes in a form, a query, a cookie or an Authorization header: an answer goes back, and it is never the service's
//! own failure.

use crate::testing::{
    AUTHORIZE, TestBed,
    random::{block_on, cases},
};
use axum::body::Body;
use http::{HeaderValue, Request, header};
use proptest::{collection::vec, prelude::*, sample::select};

/// Bytes that nearly are a form, among others.
fn form() -> impl Strategy<Value = Vec<u8>> {
    let names = [
        "grant_type",
        "code",
        "client_id",
        "client_secret",
        "redirect_uri",
        "code_verifier",
        "flow",
        "address",
        "scope",
        "",
    ];
    let values = [
        "authorization_code",
        "web",
        "grafana",
        "s3cret",
        "https%3A%2F%2Fapp.example%2Fcallback",
        "ann%40example.com",
        "%00",
        "%ff%fe",
        "%",
        "+",
        "123456",
        "",
        "a=b",
        "%0d%0aSet-Cookie:x",
        "..%2f",
    ];
    let pair = (select(names.to_vec()), select(values.to_vec())).prop_map(|(name, value)| format!("{name}={value}"));
    prop_oneof![
        3 => vec(pair, 0..8).prop_map(|pairs| pairs.join("&").into_bytes()),
        1 => vec(any::<u8>(), 0..200),
    ]
}

/// Bytes that may stand in a header.
fn value() -> impl Strategy<Value = HeaderValue> {
    let pieces: Vec<&'static [u8]> = vec![
        b"__Host-session=",
        b"__Host-flow=",
        b"; ",
        b"=",
        b";;",
        b"Basic ",
        b"Bearer ",
        b"d2ViOg==",
        b"%%%",
        b"\xff\xfe",
        b"a",
        b"\"",
        b",",
        b" ",
    ];
    let bytes = prop_oneof![
        3 => vec(select(pieces), 0..8).prop_map(|pieces| pieces.concat()),
        1 => vec(prop_oneof![32..127u8, 128..=255u8], 0..80),
    ];
    bytes.prop_map(|bytes| HeaderValue::from_bytes(&bytes).expect("no control characters"))
}

proptest! {
    #![proptest_config(cases(300, "proptest-regressions/surface-bytes.txt"))]

    #[test]
    fn whatever_comes_it_is_not_the_services_fault(
        path in select(vec![
            "/", "/login", "/login/code", "/login/send", "/login/verify", "/login/continue", "/logout", "/token", "/userinfo",
            "/authorize", "/jwks", "/.well-known/openid-configuration",
        ]),
        posts: bool,
        typed in select(vec!["application/x-www-form-urlencoded", "text/plain", "application/json", ""]),
        body in form(),
        query in form(),
        (cookie, authorization) in (value(), value()),
    ) {
        let query: String = query.iter().map(|byte| match byte {
            b'!'..=b'~' if *byte != b'#' => char::from(*byte).to_string(),
            other => format!("%{other:02x}"),
        }).collect();
        let request = Request::builder()
            .method(if posts { "POST" } else { "GET" })
            .header(header::CONTENT_TYPE, typed)
            .header(header::COOKIE, cookie)
            .header(header::AUTHORIZATION, authorization);
        // Some URIs cannot be sent at all: then nothing can come of them either.
        let uri = if path == "/authorize" { format!("{AUTHORIZE}&{query}") } else { format!("{path}?{query}") };
        if let Ok(request) = request.uri(uri).body(Body::from(body)) {
            let seen = block_on(async { TestBed::new().await.call(0, request).await });
            prop_assert!(seen.status.as_u16() < 500, "{}: {}", seen.status, seen.body);
            prop_assert_eq!(seen.headers.get_all("x-correlation-id").iter().count(), 1);
            prop_assert!(!seen.body.contains("panicked"));
        }
    }
}
