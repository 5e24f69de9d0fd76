//! What is kept of a login in progress: nothing, until there is something worth keeping.

use super::{ANN, long};
use crate::{
    authorize::FLOW,
    hash::sha256_hex,
    store::{AuthStateStore, Key},
    testing::{AUTHORIZE, Browser, TestBed},
};
use std::time::Duration;

async fn is_kept(bed: &TestBed, flow: &str) -> bool {
    let key = Key::new(FLOW, sha256_hex(flow));
    bed.store.get(&key).await.unwrap().is_some()
}

#[tokio::test(start_paused = true)]
async fn a_login_is_kept_from_its_first_address_on() {
    let bed = TestBed::new().await;
    let mut ann = Browser::default();
    let flow = ann.begin(&bed).await;
    let page = ann.get(&bed, &format!("/login?flow={flow}")).await;
    assert_eq!(page.page(), (200, "login", ""));
    let none = ann
        .post(&bed, "/login/send", &[("flow", &flow), ("address", "none")])
        .await;
    assert_eq!(none.page(), (400, "login", "invalid-address"));
    assert!(!is_kept(&bed, &flow).await);
    ann.ask(&bed, &flow).await;
    assert!(is_kept(&bed, &flow).await);
    let code = bed.out.codes(ANN).pop().unwrap();
    let verified = ann.verify(&bed, &flow, &code).await;
    assert!(verified.location().starts_with("/login/continue"));
}

#[tokio::test(start_paused = true)]
async fn a_login_that_is_only_carried_ends_as_any_other() {
    let bed = TestBed::new().await;
    let mut ann = Browser::default();
    let flow = ann.begin(&bed).await;
    bed.fixture.clock.pass(899_000);
    assert_eq!(
        ann.get(&bed, &format!("/login?flow={flow}")).await.page(),
        (200, "login", "")
    );
    bed.fixture.clock.pass(1_000);
    let ended = ann.get(&bed, &format!("/login?flow={flow}")).await;
    assert_eq!(ended.page(), (400, "error", "expired"));
}

#[tokio::test(start_paused = true)]
async fn a_cookie_carries_its_own_login_alone() {
    let bed = TestBed::new().await;
    let (mut ann, mut eve) = (Browser::default(), Browser::default());
    let flow = ann.begin(&bed).await;
    eve.begin(&bed).await;
    let (name, value) = (ann.cookies[0].0.clone(), eve.cookies[0].1.clone());
    eve.cookies = vec![(name.clone(), value)];
    let refused = eve.get(&bed, &format!("/login?flow={flow}")).await;
    assert_eq!(refused.page(), (400, "error", "expired"));
    eve.cookies = vec![(name, "a.b".into())];
    let refused = eve.get(&bed, &format!("/login?flow={flow}")).await;
    assert_eq!(refused.page(), (400, "error", "expired"));
}

#[tokio::test(start_paused = true)]
async fn who_goes_on_to_a_client_is_remembered_by_the_store() {
    let bed = TestBed::new().await;
    let mut ann = Browser::default();
    ann.log_in(&bed).await;
    let flow = ann
        .get(&bed, &format!("{AUTHORIZE}&prompt=consent"))
        .await
        .param("flow");
    assert!(!is_kept(&bed, &flow).await);
    ann.post(&bed, "/login/consent", &[("flow", &flow)]).await;
    assert!(is_kept(&bed, &flow).await);
}

#[tokio::test(start_paused = true)]
async fn a_client_may_begin_so_many_logins_that_have_to_be_kept() {
    let bed = TestBed::new().await;
    let limits = bed.config.limits;
    let begin = async || Browser::default().get(&bed, &long()).await;
    for _ in 0..limits.client_long_logins {
        let flow = begin().await.param("flow");
        assert!(is_kept(&bed, &flow).await);
    }
    assert_eq!(begin().await.page(), (429, "error", "too-many-from-here"));
    // Whoever brings less is free of that, or is signed in already, and the window ends.
    let mut ann = Browser::default();
    ann.log_in(&bed).await;
    let asked = ann.get(&bed, &format!("{}&prompt=consent", long())).await;
    assert!(asked.location().starts_with("/login/consent?flow="));
    let short = Browser::default().get(&bed, AUTHORIZE).await;
    assert!(short.location().starts_with("/login?flow="));
    let window = limits.window + Duration::from_millis(1);
    bed.fixture.clock.pass(window.as_millis() as u64);
    assert!(begin().await.location().starts_with("/login?flow="));
}
