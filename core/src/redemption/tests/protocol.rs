use crate::testing::{AUTHORIZE, Browser, ISSUER, TestBed, VERIFIER, form};
use base64::{Engine, engine::general_purpose::STANDARD};
use http::header;
use serde_json::{Map, Value};

#[tokio::test(start_paused = true)]
async fn tokens_are_good_everywhere_and_say_who_it_is() {
    use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header, jwk::JwkSet};
    let bed = TestBed::new().await;
    let code = Browser::default().log_in(&bed).await;
    let tokens = bed.redeem(1, &code, VERIFIER).await.json();
    let keys: JwkSet = serde_json::from_value(bed.get("/jwks", None).await.json()).unwrap();
    let mut rules = Validation::new(Algorithm::ES256);
    rules.validate_exp = false;
    rules.set_audience(&["web"]);
    rules.set_issuer(&[ISSUER]);
    let token = tokens["id_token"].as_str().unwrap();
    let kid = decode_header(token).unwrap().kid.unwrap();
    let key = DecodingKey::from_jwk(keys.find(&kid).unwrap()).unwrap();
    let claims = decode::<Map<String, Value>>(token, &key, &rules).unwrap().claims;
    assert_eq!((&claims["sub"], &claims["nonce"]), (&"user-ann".into(), &"no".into()));
    assert_eq!(claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(), 300);

    let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
    let info = bed.get("/userinfo", Some(&bearer)).await;
    assert_eq!(
        info.json(),
        serde_json::json!({ "sub": "user-ann", "email": "ann@example.com", "email_verified": true })
    );
    let mut post = form("/userinfo", &[]);
    post.headers_mut()
        .insert(header::AUTHORIZATION, bearer.parse().unwrap());
    assert_eq!(bed.call(1, post).await.status, 200);
    the_token_may_be_in_the_body(&bed, tokens["access_token"].as_str().unwrap()).await;

    bed.fixture.clock.pass(3_600_000);
    let late = bed.get("/userinfo", Some(&bearer)).await;
    assert_eq!(late.error(), (401, "invalid_token".into()));
    assert_eq!(late.header("www-authenticate"), "Bearer error=\"invalid_token\"");
    let none = bed.get("/userinfo", None).await;
    assert_eq!((none.status.as_u16(), none.header("www-authenticate")), (401, "Bearer"));
}

/// RFC 6750 section 2.2; and not in two ways (section 2).
async fn the_token_may_be_in_the_body(bed: &TestBed, token: &str) {
    let field = ("access_token", token);
    let here = bed.call(1, form("/userinfo", &[field])).await;
    assert_eq!(here.json()["sub"], "user-ann");
    let with = |mut request: http::Request<axum::body::Body>, name, value: &str| {
        request.headers_mut().insert(name, value.parse().unwrap());
        request
    };
    let bearer = format!("Bearer {token}");
    for (request, status, error) in [
        (form("/userinfo", &[("access_token", "guessed")]), 401, "invalid_token"),
        (form("/userinfo", &[("access_token", "")]), 401, "missing_token"),
        (form("/userinfo", &[field, field]), 400, "invalid_request"),
        (
            with(form("/userinfo", &[field]), header::AUTHORIZATION, &bearer),
            400,
            "invalid_request",
        ),
        (
            with(form("/userinfo", &[field]), header::CONTENT_TYPE, "text/plain"),
            401,
            "missing_token",
        ),
        (
            form("/userinfo", &[field, ("x", &"x".repeat(70_000))]),
            413,
            "invalid_request",
        ),
    ] {
        assert_eq!(bed.call(0, request).await.error(), (status, error.into()));
    }
}

/// The Fetch standard: a client that runs in a browser reads tokens and errors; nothing else can be read from there.
#[tokio::test(start_paused = true)]
async fn scripts_of_other_sites_may_read_what_depends_on_no_cookie() {
    let bed = TestBed::new().await;
    for path in crate::registry::FOR_SCRIPTS {
        let asked = http::Request::options(*path).body(axum::body::Body::empty()).unwrap();
        let preflight = bed.call(0, asked).await;
        assert_eq!(
            (preflight.status.as_u16(), preflight.body.as_str()),
            (204, ""),
            "{path}"
        );
        assert_eq!(
            preflight.header("access-control-allow-headers"),
            "authorization, content-type"
        );
        let refused = http::Request::put(*path).body(axum::body::Body::empty()).unwrap();
        let refused = bed.call(0, refused).await;
        assert!(
            refused.header("allow").ends_with(",OPTIONS"),
            "{}",
            refused.header("allow")
        );
        for seen in [bed.get(path, None).await, bed.token(0, &[]).await, preflight, refused] {
            assert_eq!(seen.header("access-control-allow-origin"), "*", "{path}");
            assert_eq!(seen.header("access-control-allow-credentials"), "", "{path}");
        }
    }
    for path in ["/", "/login", "/authorize", "/nowhere"] {
        assert_eq!(
            bed.get(path, None).await.header("access-control-allow-origin"),
            "",
            "{path}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_wrong_verifier_burns_nothing() {
    let bed = TestBed::new().await;
    let code = Browser::default().log_in(&bed).await;
    let wrong = VERIFIER.replace('d', "e");
    assert_eq!(
        bed.redeem(0, &code, &wrong).await.error(),
        (400, "invalid_grant".into())
    );
    assert_eq!(bed.redeem(1, &code, VERIFIER).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_race_has_one_winner() {
    let bed = TestBed::new().await;
    let code = Browser::default().log_in(&bed).await;
    let (a, b) = tokio::join!(bed.redeem(0, &code, VERIFIER), bed.redeem(1, &code, VERIFIER));
    let mut statuses = [a.status.as_u16(), b.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400]);
    assert_eq!(
        bed.marked("a race for a code was lost"),
        1,
        "this is about the store, not the ledger"
    );
}

#[tokio::test(start_paused = true)]
async fn a_code_ends() {
    let bed = TestBed::new().await;
    let code = Browser::default().log_in(&bed).await;
    bed.fixture.clock.pass(bed.config.ttl.code.as_millis() as u64);
    assert_eq!(
        bed.redeem(0, &code, VERIFIER).await.error(),
        (400, "invalid_grant".into())
    );
}

#[tokio::test(start_paused = true)]
async fn a_confidential_client_proves_who_it_is() {
    let bed = TestBed::new().await;
    let mut ann = Browser::default();
    ann.log_in(&bed).await;
    let uri = "https://grafana.example/login/generic_oauth";
    let url = AUTHORIZE.replace("client_id=web", "client_id=grafana").replace(
        "https%3A%2F%2Fapp.example%2Fcallback",
        &uri.replace(':', "%3A").replace('/', "%2F"),
    );
    let redeem = async |code: &str, secret: &[(&str, &str)], basic: Option<&str>| {
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("redirect_uri", uri),
            ("code", code),
            ("code_verifier", VERIFIER),
        ];
        fields.extend_from_slice(secret);
        let mut request = form("/token", &fields);
        if let Some(pair) = basic {
            let value = format!("Basic {}", STANDARD.encode(pair));
            request
                .headers_mut()
                .insert(header::AUTHORIZATION, value.parse().unwrap());
        }
        bed.call(0, request).await
    };
    let code = ann.get(&bed, &url).await.param("code");
    let refused = redeem(&code, &[], Some("grafana:wrong")).await;
    assert_eq!(refused.error(), (401, "invalid_client".into()));
    assert!(refused.header("www-authenticate").starts_with("Basic"));
    assert_eq!(
        redeem(&code, &[("client_id", "grafana")], None).await.error().1,
        "invalid_client"
    );
    assert_eq!(
        redeem(&code, &[("client_id", "web")], None).await.error().1,
        "invalid_grant"
    );
    assert_eq!(
        redeem(&code, &[("client_secret", "s3cret")], Some("grafana:s3cret"))
            .await
            .error()
            .1,
        "invalid_request"
    );
    assert_eq!(redeem(&code, &[], Some("grafana:s3cret")).await.status, 200);
    let code = ann.get(&bed, &url).await.param("code");
    let post = [("client_id", "grafana"), ("client_secret", "s3cret")];
    assert_eq!(redeem(&code, &post, None).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn the_token_endpoint_says_what_is_wrong() {
    let bed = TestBed::new().await;
    let good = [
        ("grant_type", "authorization_code"),
        ("client_id", "web"),
        ("redirect_uri", "https://app.example/callback"),
        ("code", "c"),
        ("code_verifier", VERIFIER),
    ];
    let without = |name: &str| good.iter().copied().filter(|(n, _)| *n != name).collect::<Vec<_>>();
    let with = |name, value| {
        let mut fields = without(name);
        fields.push((name, value));
        fields
    };
    let twice = [&good[..], &good[..1]].concat();
    for (fields, status, error) in [
        (good.to_vec(), 400, "invalid_grant"),
        (without("grant_type"), 400, "invalid_request"),
        (with("grant_type", "password"), 400, "unsupported_grant_type"),
        (with("client_id", "nobody"), 401, "invalid_client"),
        (without("client_id"), 401, "invalid_client"),
        (with("client_secret", "s"), 401, "invalid_client"),
        (without("code"), 400, "invalid_request"),
        (without("redirect_uri"), 400, "invalid_request"),
        (without("code_verifier"), 400, "invalid_request"),
        (twice, 400, "invalid_request"),
    ] {
        let refused = bed.token(0, &fields).await;
        assert_eq!(refused.error(), (status, error.into()), "{fields:?}");
        assert_eq!(refused.header("cache-control"), "no-store");
        assert_eq!(refused.json()["correlation_id"], refused.header("x-correlation-id"));
    }
}
