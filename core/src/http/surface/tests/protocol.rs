//! Relying parties.

use crate::testing::{AUTHORIZE, Bed, Browser, ISSUER, VERIFIER, form};
use axum::body::Body;
use base64::{Engine, engine::general_purpose::STANDARD};
use http::{Request, header};
use serde_json::{Map, Value};

async fn get(bed: &Bed, path: &str, authorization: Option<&str>) -> crate::testing::Seen {
    let mut request = Request::get(path).body(Body::empty()).unwrap();
    if let Some(value) = authorization {
        request
            .headers_mut()
            .insert(header::AUTHORIZATION, value.parse().unwrap());
    }
    bed.call(0, request).await
}

#[tokio::test(start_paused = true)]
async fn the_metadata_names_what_there_is() {
    let bed = Bed::new().await;
    let metadata = get(&bed, "/.well-known/openid-configuration", None).await.json();
    assert_eq!(metadata["issuer"], ISSUER);
    assert_eq!(metadata["authorization_response_iss_parameter_supported"], true);
    for endpoint in [
        "authorization_endpoint",
        "token_endpoint",
        "userinfo_endpoint",
        "jwks_uri",
    ] {
        let path = metadata[endpoint].as_str().unwrap().strip_prefix(ISSUER).unwrap();
        assert_ne!(get(&bed, path, None).await.status, 404, "{endpoint}");
    }
    let (a, b) = (
        get(&bed, "/jwks", None).await,
        bed.call(1, Request::get("/jwks").body(Body::empty()).unwrap()).await,
    );
    assert_eq!(a.json(), b.json(), "both replicas publish the same keys");
    assert_eq!(a.json()["keys"][0]["crv"], "P-256");
    assert_eq!(a.header("cache-control"), "public, max-age=300");
}

#[tokio::test(start_paused = true)]
async fn tokens_are_good_everywhere_and_say_who_it_is() {
    use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, jwk::JwkSet};
    let bed = Bed::new().await;
    let code = Browser::default().log_in(&bed).await;
    let tokens = bed.redeem(1, &code, VERIFIER).await.json();
    let keys: JwkSet = serde_json::from_value(get(&bed, "/jwks", None).await.json()).unwrap();
    let mut rules = Validation::new(Algorithm::ES256);
    rules.validate_exp = false;
    rules.set_audience(&["web"]);
    rules.set_issuer(&[ISSUER]);
    let key = DecodingKey::from_jwk(&keys.keys[0]).unwrap();
    let claims = decode::<Map<String, Value>>(tokens["id_token"].as_str().unwrap(), &key, &rules)
        .unwrap()
        .claims;
    assert_eq!((&claims["sub"], &claims["nonce"]), (&"user-ann".into(), &"no".into()));
    assert_eq!(claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(), 300);

    let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
    let info = get(&bed, "/userinfo", Some(&bearer)).await;
    assert_eq!(
        info.json(),
        serde_json::json!({ "sub": "user-ann", "email": "ann@example.com", "email_verified": true })
    );
    let mut post = form("/userinfo", &[]);
    post.headers_mut()
        .insert(header::AUTHORIZATION, bearer.parse().unwrap());
    assert_eq!(bed.call(1, post).await.status, 200);

    // A replay is refused, and what the first redemption issued goes with it only if the store
    // brings the code back: the store's own answer is that there is no such code.
    assert_eq!(
        bed.redeem(0, &code, VERIFIER).await.error(),
        (400, "invalid_grant".into())
    );
    bed.fixture.clock.pass(3_600_000);
    let late = get(&bed, "/userinfo", Some(&bearer)).await;
    assert_eq!(late.error(), (401, "invalid_token".into()));
    assert_eq!(late.header("www-authenticate"), "Bearer error=\"invalid_token\"");
    let none = get(&bed, "/userinfo", None).await;
    assert_eq!((none.status.as_u16(), none.header("www-authenticate")), (401, "Bearer"));
}

#[tokio::test(start_paused = true)]
async fn a_wrong_verifier_burns_nothing() {
    let bed = Bed::new().await;
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
    let bed = Bed::new().await;
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
    let bed = Bed::new().await;
    let code = Browser::default().log_in(&bed).await;
    bed.fixture.clock.pass(bed.config.ttl.code.as_millis() as u64);
    assert_eq!(
        bed.redeem(0, &code, VERIFIER).await.error(),
        (400, "invalid_grant".into())
    );
}

#[tokio::test(start_paused = true)]
async fn a_confidential_client_proves_who_it_is() {
    let bed = Bed::new().await;
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
async fn refusals_go_to_the_client_or_to_the_person() {
    let bed = Bed::new().await;
    let mut ann = Browser::default();
    for (query, error) in [
        (AUTHORIZE.replace("client_id=web", "client_id=evil"), "unknown-client"),
        (AUTHORIZE.replace("client_id=web&", ""), "unknown-client"),
        (AUTHORIZE.replace("callback", "elsewhere"), "redirect-uri"),
        (
            format!("{AUTHORIZE}&redirect_uri=https%3A%2F%2Fevil.example"),
            "malformed",
        ),
        (format!("{AUTHORIZE}&client_id=web"), "malformed"),
        ("/authorize".into(), "unknown-client"),
        (
            "/authorize?client_id=torn&redirect_uri=https%3A%2F%2Ftorn.example%2Fa%0Ab&response_type=token".into(),
            "redirect-uri",
        ),
    ] {
        assert_eq!(ann.get(&bed, &query).await.page(), (400, "error", error), "{query}");
    }
    for (query, error, state) in [
        (
            AUTHORIZE.replace("=code&", "=token&"),
            "unsupported_response_type",
            "st",
        ),
        (AUTHORIZE.replace("S256", "plain"), "invalid_request", "st"),
        (AUTHORIZE.replace("openid", "profile"), "invalid_scope", "st"),
        (format!("{AUTHORIZE}&prompt=none"), "login_required", "st"),
        (format!("{AUTHORIZE}&nonce=2"), "invalid_request", "st"),
        (format!("{AUTHORIZE}&state=2"), "invalid_request", ""),
        (format!("{AUTHORIZE}&request=x"), "request_not_supported", "st"),
    ] {
        let refused = ann.get(&bed, &query).await;
        assert!(
            refused.location().starts_with("https://app.example/callback?error="),
            "{query}"
        );
        assert_eq!(
            (refused.param("error").as_str(), refused.param("state").as_str()),
            (error, state),
            "{query}"
        );
        assert_eq!(refused.param("iss"), ISSUER);
        assert_eq!(refused.param("code"), "");
    }
    // The same by POST (OpenID Connect Core section 3.1.2.1).
    let (_, query) = AUTHORIZE.split_once('?').unwrap();
    let fields: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).collect();
    let fields: Vec<_> = fields.iter().map(|(n, v)| (&**n, &**v)).collect();
    assert!(
        ann.post(&bed, "/authorize", &fields)
            .await
            .location()
            .starts_with("/login?flow=")
    );
}

#[tokio::test(start_paused = true)]
async fn the_token_endpoint_says_what_is_wrong() {
    let bed = Bed::new().await;
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
