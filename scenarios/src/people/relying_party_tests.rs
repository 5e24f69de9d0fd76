use super::*;
use crate::{
    people::testing::Script,
    vocabulary::{Event, History},
};

fn party(scene: &Scene, client: usize, basic: bool) -> RelyingParty {
    RelyingParty::new(scene, "ann", scene.clients[client].clone(), basic)
}

fn query(url: &str) -> std::collections::BTreeMap<String, String> {
    Url::parse(url).unwrap().query_pairs().into_owned().collect()
}

#[test]
fn asks_with_pkce_state_and_nonce() {
    let scene = Script::default().scene();
    let begun = party(&scene, 0, false).begin();
    let asked = query(&begun.url);
    assert!(begun.url.starts_with("https://login.example/authorize?"));
    assert_eq!(asked["response_type"], "code");
    assert_eq!(asked["client_id"], "web");
    assert_eq!(asked["redirect_uri"], "https://app.example/callback");
    assert_eq!((&asked["state"], &asked["nonce"]), (&begun.state, &begun.nonce));
    assert_ne!(asked["state"], asked["nonce"]);
    assert_eq!(asked["code_challenge_method"], "S256");
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(begun.verifier.as_deref().unwrap().as_bytes()));
    assert_eq!(asked["code_challenge"], challenge);
}

#[test]
fn checks_the_callback_before_anything_else() {
    let scene = Script::default().scene();
    let rp = party(&scene, 0, false);
    let begun = rp.begin();
    let state = &begun.state;
    let iss = "iss=https%3A%2F%2Flogin.example";
    for (answer, expected) in [
        (format!("?code=c&state={state}&{iss}"), Ok("c")),
        (
            format!("?code=c&state=other&{iss}"),
            Err("another state in the callback"),
        ),
        (format!("?code=c&{iss}"), Err("no state in the callback")),
        (format!("?code=c&state={state}"), Err("no iss in the callback")),
        (
            format!("?code=c&state={state}&{iss}%2F"),
            Err("another issuer in the callback"),
        ),
        (
            format!("?code=c&code=d&state={state}&{iss}"),
            Err("code twice in the callback"),
        ),
        (
            format!("?error=login_required&state={state}&{iss}"),
            Err("login_required"),
        ),
        (
            format!("?error=access_denied&state=other&{iss}"),
            Err("another state in the callback"),
        ),
        (
            format!("/x?code=c&state={state}&{iss}"),
            Err("sent to https://app.example/callback/x, which is not the redirect URI"),
        ),
    ] {
        let url = Url::parse(&format!("https://app.example/callback{answer}")).unwrap();
        let got = rp.callback(&begun, &url).map(|seen| seen.code);
        assert_eq!(got.as_deref().map_err(String::as_str), expected, "{answer}");
    }
}

fn code(scene: &Scene, client: usize) -> SeenCode {
    SeenCode {
        code: "the-code".into(),
        verifier: Some("the-verifier".into()),
        client: scene.clients[client].clone(),
        who: "ann".into(),
        access_token: None,
    }
}

const JSON: &str = "200 OK\nContent-Type: application/json";
const TOKENS: &str = r#"{"access_token":"a","id_token":"i","token_type":"Bearer","expires_in":3600}"#;

#[tokio::test]
async fn authenticates_by_exactly_one_method() {
    let header =
        "authorization: Basic Z3JhZmFuYTpncmFmYW5hLXNlY3JldC1mb3Itc2ltdWxhdGlvbiUyNmElM0RiJTJCYyslMjU0MSUzQWQ=\r\n";
    for (client, basic, in_header, in_form) in [
        (0, false, false, "&client_id=web"),
        (1, true, true, ""),
        (
            1,
            false,
            false,
            "&client_id=grafana&client_secret=grafana-secret-for-simulation%26a%3Db%2Bc+%2541%3Ad",
        ),
    ] {
        let script = Script::new(&[(JSON, TOKENS)]);
        let scene = script.scene();
        let tokens = party(&scene, client, basic).exchange(&code(&scene, client)).await;
        assert_eq!(tokens.unwrap().access_token, "a");
        let request = script.requests().remove(0);
        assert!(request.starts_with("POST /token HTTP/1.1\r\n") && request.contains("host: login.example\r\n"));
        assert_eq!(request.contains(header), in_header, "{request}");
        assert!(
            request.ends_with(&format!("&code_verifier=the-verifier{in_form}")),
            "{request}"
        );
    }
}

fn last(history: &History) -> Seen {
    match &history.records.last().unwrap().event {
        Event::Ended { seen, .. } => seen.clone(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn records_what_an_exchange_came_to() {
    let fail = |told: &str| Seen::Fail(told.into());
    let unknown = |told: &str| Seen::Unknown(told.into());
    for (head, body, expected) in [
        (JSON, TOKENS, Seen::Ok),
        ("400 Bad", r#"{"error":"invalid_grant"}"#, fail("invalid_grant")),
        (
            "503 No",
            r#"{"error":"temporarily_unavailable"}"#,
            fail("temporarily_unavailable"),
        ),
        ("502 Bad Gateway", "<html>", unknown("502")),
        ("504 Gateway Time-out", "<html>", unknown("504")),
        (
            JSON,
            "{}",
            unknown("unexpected answer 200: missing field `access_token` at line 1 column 2"),
        ),
    ] {
        let script = Script::new(&[(head, body)]);
        let scene = script.scene();
        let result = party(&scene, 0, false).exchange(&code(&scene, 0)).await;
        assert_eq!(result.err().unwrap_or(Seen::Ok), expected);
        assert_eq!(last(&scene.recorder.history()), expected);
    }
    let scene = Script::default().scene();
    let refused = party(&scene, 0, false).exchange(&code(&scene, 0)).await.err();
    assert!(matches!(refused, Some(Seen::Fail(told)) if told.starts_with("unreachable")));
}

#[tokio::test]
async fn a_burner_shows_another_verifier() {
    let script = Script::new(&[("400 Bad", r#"{"error":"invalid_grant"}"#)]);
    let scene = script.scene();
    let wrong = Presentation {
        basic: false,
        wrong_verifier: true,
        signed_out: false,
    };
    let door = scene.replicas[0].clone();
    let refused = present(
        &scene,
        &Client::new(&scene.env),
        "burner",
        &code(&scene, 0),
        &door,
        wrong,
    )
    .await
    .err();
    assert_eq!(refused, Some(Seen::Fail("invalid_grant".into())));
    assert!(!script.requests()[0].contains("the-verifier"));
    let op = Op::Redemption(redemption::Op::Redeem {
        code: Tag::of("the-code"),
        at: "idp-a".into(),
        rightful: false,
    });
    assert!(matches!(&scene.recorder.history().records[0].event, Event::Began { op: began, .. } if *began == op));
}
