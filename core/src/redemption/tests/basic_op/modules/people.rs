//! Whether a person is asked, and who.

use super::super::client::Client;

async fn auth_time(client: &mut Client, with: &[(&'static str, &str)]) -> u64 {
    client.tokens(with).await.1["auth_time"].as_u64().unwrap()
}

/// Whether the person has to log in.
async fn is_asked(client: &mut Client, with: &[(&'static str, &str)]) -> bool {
    client.authorize(with).await.location().starts_with("/login?flow=")
}

pub(in super::super) async fn prompt_login(client: &mut Client) {
    let first = auth_time(client, &[]).await;
    client.bed.fixture.clock.pass(2_000);
    assert!(is_asked(client, &[("prompt", "login")]).await);
    let second = auth_time(client, &[("prompt", "login")]).await;
    assert!(second >= first + 2, "{first} {second}");
}

pub(in super::super) async fn prompt_none_not_logged_in(client: &mut Client) {
    let back = client.authorize(&[("prompt", "none")]).await;
    assert_eq!(
        (back.param("error"), back.param("code")),
        ("login_required".into(), String::new())
    );
    assert_eq!(back.param("state"), "a-state");
}

pub(in super::super) async fn prompt_none_logged_in(client: &mut Client) {
    let first = auth_time(client, &[]).await;
    client.bed.fixture.clock.pass(2_000);
    assert!(!is_asked(client, &[("prompt", "none")]).await);
    assert_eq!(auth_time(client, &[("prompt", "none")]).await, first);
}

pub(in super::super) async fn max_age_1(client: &mut Client) {
    let first = auth_time(client, &[]).await;
    client.bed.fixture.clock.pass(2_000);
    assert!(is_asked(client, &[("max_age", "1")]).await);
    let second = auth_time(client, &[("max_age", "1")]).await;
    assert!(second >= first + 2, "{first} {second}");
}

pub(in super::super) async fn max_age_10000(client: &mut Client) {
    let first = auth_time(client, &[]).await;
    client.bed.fixture.clock.pass(2_000);
    assert!(!is_asked(client, &[("max_age", "10000")]).await);
    assert_eq!(auth_time(client, &[("max_age", "10000")]).await, first);
}

pub(in super::super) async fn id_token_hint(client: &mut Client) {
    let code = client.code(&[]).await;
    let json = client.redeem(&code, &[]).await.json();
    let hint = json["id_token"].as_str().unwrap();
    let with = [("prompt", "none"), ("id_token_hint", hint)];
    assert!(!is_asked(client, &with).await);
    client.tokens(&with).await;
}
