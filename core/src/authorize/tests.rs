//! Authorization requests and logins in progress, as people and clients see them.

mod carried;
mod flow_cookies;

use super::{FLOW, FlowRecord};
use crate::{
    hash::sha256_hex,
    store::{AuthStateStore, Key, decode, encode},
    testing::{AUTHORIZE, Browser, ISSUER, Seen, TestBed, VERIFIER},
};
use std::time::Duration;

const ANN: &str = "ann@example.com";

#[tokio::test(start_paused = true)]
async fn a_forced_login_is_not_answered_by_an_old_session() {
    let bed = TestBed::new().await;
    let mut ann = Browser::default();
    ann.log_in(&bed).await;
    bed.fixture.clock.pass(30_000);
    let flow = ann.get(&bed, &format!("{AUTHORIZE}&max_age=10")).await.param("flow");
    let back = ann.get(&bed, &format!("/login/continue?flow={flow}")).await;
    assert_eq!(back.location(), format!("/login?flow={flow}"));
    ann.ask(&bed, &flow).await;
    let code = bed.out.codes(ANN).pop().unwrap();
    let verified = ann.verify(&bed, &flow, &code).await;
    let back = ann.get(&bed, verified.location()).await;
    assert!(!back.param("code").is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_flow_belongs_to_the_browser_that_began_it() {
    let bed = TestBed::new().await;
    let (mut ann, mut eve) = (Browser::default(), Browser::default());
    let flow = ann.begin(&bed).await;
    ann.ask(&bed, &flow).await;
    let code = bed.out.codes(ANN).pop().unwrap();
    for _ in 0..2 {
        for path in ["/login", "/login/code", "/login/continue"] {
            let refused = eve.get(&bed, &format!("{path}?flow={flow}")).await;
            assert_eq!(refused.page(), (400, "error", "other-browser"), "{path}");
        }
        assert_eq!(eve.ask(&bed, &flow).await.page(), (400, "error", "other-browser"));
        assert_eq!(
            eve.verify(&bed, &flow, &code).await.page(),
            (400, "error", "other-browser")
        );
        eve.begin(&bed).await; // now with a cookie of its own
    }
    assert!(
        ann.verify(&bed, &flow, &code)
            .await
            .location()
            .starts_with("/login/continue")
    );
}

#[tokio::test(start_paused = true)]
async fn refusals_go_to_the_client_or_to_the_person() {
    let bed = TestBed::new().await;
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
        (format!("{AUTHORIZE}&id_token_hint=x"), "invalid_request", "st"),
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
}

/// An authorization request for a login that does not fit into its cookie.
fn long() -> String {
    AUTHORIZE.replace("state=st", &format!("state={}", "a".repeat(2048)))
}

/// Whoever can make an answer larger than a balancer takes can take replicas away from everybody.
fn is_small(seen: &Seen) -> bool {
    let lines = seen
        .headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + 4);
    lines.sum::<usize>() + 100 <= 4096
}

#[tokio::test(start_paused = true)]
async fn no_state_makes_an_answer_too_large() {
    let bed = TestBed::new().await;
    let mut ann = Browser::default();
    ann.log_in(&bed).await; // a live session answers at once
    let with = |state: &str| AUTHORIZE.replace("state=st", &format!("state={state}"));
    for state in [
        "%7B".repeat(2048),
        "%C3%A4".repeat(1024),
        "a".repeat(40_000),
        "%7B".repeat(20_000),
    ] {
        for asks in ["", "&prompt=none", "&prompt=login", "&request=x", "&nonce=2"] {
            let refused = ann.get(&bed, &format!("{}{asks}", with(&state))).await;
            assert!(
                refused.location().starts_with("https://app.example/callback?error="),
                "{asks}"
            );
            assert_eq!(
                (refused.param("state"), refused.param("iss")),
                (String::new(), ISSUER.into())
            );
            assert!(is_small(&refused), "{asks}");
        }
    }
    // The longest that is allowed.
    for (state, count) in [("%7B", 990), ("a", 2048)] {
        let back = ann.get(&bed, &with(&state.repeat(count))).await;
        assert_eq!(back.param("state").len(), count);
        assert!(!back.param("code").is_empty() && is_small(&back));
        let refused = ann
            .get(&bed, &format!("{}&request=x", with(&state.repeat(count))))
            .await;
        assert_eq!(refused.param("state").len(), count);
        assert!(is_small(&refused));
    }
}

#[tokio::test(start_paused = true)]
async fn a_login_of_an_earlier_version_with_a_long_state_ends_without_a_code() {
    let bed = TestBed::new().await;
    let mut ann = Browser::default();
    ann.log_in(&bed).await;
    let flow = ann.get(&bed, &format!("{}&prompt=login", long())).await.param("flow");
    let key = Key::new(FLOW, sha256_hex(&flow));
    let mut record: FlowRecord = decode(&bed.store.get(&key).await.unwrap().unwrap()).unwrap();
    record.request.state = Some("{".repeat(2048));
    let ttl = Duration::from_secs(900);
    bed.store.put(&key, &encode(&record), ttl).await.unwrap();
    let refused = ann.get(&bed, &format!("/login/continue?flow={flow}")).await;
    assert_eq!(refused.param("error"), "invalid_request");
    assert!(refused.param("code").is_empty() && refused.param("state").is_empty() && is_small(&refused));
}

/// OpenID Connect Core section 3.1.2.1: whom the client means is who answers, or nobody.
#[tokio::test(start_paused = true)]
async fn an_id_token_hint_names_the_only_person_who_answers() {
    let bed = TestBed::new().await;
    let mut ann = Browser::default();
    let code = ann.log_in(&bed).await;
    let tokens = bed.redeem(0, &code, VERIFIER).await.json();
    let hint = tokens["id_token"].as_str().unwrap();
    let about_ann = format!("{AUTHORIZE}&id_token_hint={hint}");
    bed.fixture.clock.pass(3_600_000); // an ID token that has expired is a hint all the same
    for prompt in ["", "&prompt=none"] {
        let back = ann.get(&bed, &format!("{about_ann}{prompt}")).await;
        assert!(!back.param("code").is_empty(), "{prompt}");
    }
    let mut bob = Browser::default();
    bob.log_in_as(&bed, "bob@example.com").await;
    let refused = bob.get(&bed, &format!("{about_ann}&prompt=none")).await;
    assert_eq!(refused.param("error"), "login_required");
    // He may log in as somebody else; as himself he is not the one.
    let flow = bob.get(&bed, &about_ann).await.param("flow");
    let onward = bob.get(&bed, &format!("/login/continue?flow={flow}")).await;
    assert_eq!(onward.location(), format!("/login?flow={flow}"));
    let refused = bob.finish(&bed, &flow, "bob@example.com").await;
    assert_eq!(
        (refused.param("error"), refused.param("code")),
        ("login_required".into(), String::new())
    );
    let flow = bob.get(&bed, &about_ann).await.param("flow");
    let back = bob.finish(&bed, &flow, "ann@example.com").await;
    assert!(!back.param("code").is_empty());
}

/// RFC 6749 section 3.1, RFC 8707 section 2.
#[tokio::test(start_paused = true)]
async fn what_is_not_understood_may_come_twice() {
    let bed = TestBed::new().await;
    let mut ann = Browser::default();
    for more in ["&resource=https://a.example&resource=https://b.example", "&x=1&x=2"] {
        let begun = ann.get(&bed, &format!("{AUTHORIZE}{more}")).await;
        assert!(begun.location().starts_with("/login?flow="), "{more}");
    }
}

/// RFC 8252 section 8.6, and `prompt=consent`: a session from before is no answer by itself.
#[tokio::test(start_paused = true)]
async fn a_person_is_asked_where_the_client_may_be_another() {
    let bed = TestBed::new().await;
    let mut ann = Browser::default();
    ann.log_in(&bed).await;
    let native = AUTHORIZE.replace("client_id=web", "client_id=native").replace(
        "https%3A%2F%2Fapp.example%2Fcallback",
        "http%3A%2F%2F127.0.0.1%3A5000%2Fcallback",
    );
    let consent = format!("{AUTHORIZE}&prompt=consent");
    let young = format!("{native}&max_age=10000");
    for query in [&native, &consent, &young] {
        let asked = ann.get(&bed, query).await;
        assert!(asked.location().starts_with("/login/consent?flow="), "{query}");
        let flow = asked.param("flow");
        let page = ann.get(&bed, &format!("/login/consent?flow={flow}")).await;
        assert_eq!(page.page(), (200, "consent", ""));
        assert!(page.body.contains("ann@example.com"));
        let back = ann.get(&bed, &format!("/login/continue?flow={flow}")).await;
        assert_eq!(
            back.location(),
            format!("/login/consent?flow={flow}"),
            "it is not skipped"
        );
        let given = ann.post(&bed, "/login/consent", &[("flow", &flow)]).await;
        let back = ann.get(&bed, given.location()).await;
        assert!(!back.param("code").is_empty(), "{query}");
    }
    let refused = ann.get(&bed, &format!("{native}&prompt=none")).await;
    assert_eq!(refused.param("error"), "consent_required");
    // Whoever logs in on the way there has said it.
    let mut bob = Browser::default();
    let flow = bob.get(&bed, &native).await.param("flow");
    let back = bob.finish(&bed, &flow, "bob@example.com").await;
    assert!(!back.param("code").is_empty());
    // What one person has said is not said for another.
    let flow = ann.get(&bed, &native).await.param("flow");
    ann.post(&bed, "/login/consent", &[("flow", &flow)]).await;
    let other = ann.get(&bed, &format!("{AUTHORIZE}&prompt=login")).await.param("flow");
    ann.finish(&bed, &other, "bob@example.com").await;
    let back = ann.get(&bed, &format!("/login/continue?flow={flow}")).await;
    assert_eq!(back.location(), format!("/login/consent?flow={flow}"));
}
