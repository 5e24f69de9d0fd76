//! Whatever begins a login ends no other one.

use super::{ANN, is_small};
use crate::testing::{AUTHORIZE, Browser, Seen, TestBed, form};
use url::form_urlencoded;

/// What another site posts: without cookies, which are `SameSite=Lax`.
async fn posted_elsewhere(bed: &TestBed, query: &str) -> Seen {
    let fields: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
    bed.call(0, form("/authorize", &fields)).await
}

fn query() -> &'static str {
    AUTHORIZE.split_once('?').unwrap().1
}

/// The cookies of logins in progress that an answer sets or deletes.
fn set_cookies(seen: &Seen) -> Vec<&str> {
    let all = seen.headers.get_all("set-cookie").iter();
    all.map(|cookie| cookie.to_str().unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn tabs_that_are_restored_at_once_do_not_disturb_each_other() {
    let bed = TestBed::new().await;
    // Both requests are under way before one is answered.
    let (mut ann, mut other_tab) = (Browser::default(), Browser::default());
    let flows = [ann.begin(&bed).await, other_tab.begin(&bed).await];
    for (name, value) in other_tab.cookies {
        ann.keep(&name, &value);
    }
    assert_eq!(ann.cookies.len(), 2);
    for flow in flows {
        let page = ann.get(&bed, &format!("/login?flow={flow}")).await;
        assert_eq!(page.page(), (200, "login", ""));
        let back = ann.finish(&bed, &flow, ANN).await;
        assert!(!back.param("code").is_empty());
        // Going back and forth gets a new code.
        let again = ann.get(&bed, &format!("/login/continue?flow={flow}")).await;
        assert!(!again.param("code").is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_cookie_is_named_after_its_login_and_lives_as_long() {
    let bed = TestBed::new().await;
    let mut ann = Browser::default();
    let begun = ann.get(&bed, AUTHORIZE).await;
    let hash = crate::hash::sha256_hex(&begun.param("flow"));
    let (name, value) = ann.cookies[0].clone();
    assert_eq!(name, format!("__Host-flow-{}", &hash[..8]));
    let attributes = "Path=/; Max-Age=900; HttpOnly; SameSite=Lax; Secure";
    assert_eq!(set_cookies(&begun), [format!("{name}={value}; {attributes}")]);
    let other = ann.begin(&bed).await;
    assert_ne!(other, value);
    assert!(ann.cookies[1].1 != value, "each has a value of its own");
}

#[tokio::test(start_paused = true)]
async fn a_form_of_another_site_ends_no_login() {
    let bed = TestBed::new().await;
    let mut ann = Browser::default();
    let flow = ann.begin(&bed).await;
    let posted = posted_elsewhere(&bed, query()).await;
    assert_eq!(posted.location(), AUTHORIZE);
    assert_eq!(set_cookies(&posted), [""; 0]);
    let begun = ann.get(&bed, posted.location()).await;
    assert!(begun.location().starts_with("/login?flow="));
    let back = ann.finish(&bed, &flow, ANN).await;
    assert!(!back.param("code").is_empty());
    // Now somebody is logged in, and a client that posts its requests gets a code at once.
    let posted = posted_elsewhere(&bed, query()).await;
    assert!(!ann.get(&bed, posted.location()).await.param("code").is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_is_posted_is_judged_when_it_comes_by_get() {
    let bed = TestBed::new().await;
    let mut ann = Browser::default();
    for (more, error) in [
        ("&nonce=2", "invalid_request"),
        ("&request=x", "request_not_supported"),
        ("&prompt=none", "login_required"),
    ] {
        let posted = posted_elsewhere(&bed, &format!("{}{more}", query())).await;
        let refused = ann.get(&bed, posted.location()).await;
        assert_eq!(
            (refused.param("error"), refused.param("state")),
            (error.into(), "st".into())
        );
    }
    let posted = posted_elsewhere(&bed, &format!("{}&client_id=web", query())).await;
    let refused = ann.get(&bed, posted.location()).await;
    assert_eq!(refused.page(), (400, "error", "malformed"));
    let posted = posted_elsewhere(&bed, &format!("{}&x={}", query(), "a".repeat(9_000))).await;
    assert_eq!(posted.location(), AUTHORIZE, "what means nothing is left out");
    // The longest, and one byte more.
    let room = bed.config.limits.way_back() - AUTHORIZE.len() - "&nonce=".len();
    let without = query().replace("&nonce=no", "");
    let room = room + "&nonce=no".len();
    for (bytes, fits) in [(room, true), (room + 1, false), (60_000, false)] {
        let posted = posted_elsewhere(&bed, &format!("{without}&nonce={}", "n".repeat(bytes))).await;
        assert!(is_small(&posted));
        match fits {
            true => assert!(posted.location().starts_with("/authorize?")),
            false => assert_eq!(posted.page(), (413, "error", "too-large")),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_fifth_login_takes_the_place_of_the_oldest() {
    let bed = TestBed::new().await;
    let mut ann = Browser::default();
    let mut flows = vec![];
    for _ in 0..4 {
        flows.push(ann.begin(&bed).await);
    }
    let oldest = ann.cookies[0].0.clone();
    let fifth = ann.get(&bed, AUTHORIZE).await;
    assert!(set_cookies(&fifth)[0].starts_with(&format!("{oldest}=; Path=/; Max-Age=0; ")));
    assert_eq!((set_cookies(&fifth).len(), ann.cookies.len()), (2, 4));
    let refused = ann.get(&bed, &format!("/login?flow={}", flows[0])).await;
    assert_eq!(
        refused.page(),
        (400, "error", "expired"),
        "nobody carries it, and nothing is kept of it"
    );
    flows.push(fifth.param("flow"));
    for flow in &flows[1..] {
        let back = ann.finish(&bed, flow, ANN).await;
        assert!(!back.param("code").is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn no_number_of_cookies_makes_an_answer_too_large() {
    let bed = TestBed::new().await;
    let mut ann = Browser::default();
    ann.log_in(&bed).await;
    let session = ann.cookie("__Host-session").map(str::to_owned);
    for n in 0..100 {
        ann.keep(&format!("__Host-flow-{n:08x}"), "made up");
    }
    // The longest answer: to a person who is logged in.
    let widest = AUTHORIZE.replace("state=st", &format!("state={}", "s".repeat(380)));
    let begun = ann.get(&bed, &format!("{widest}&prompt=consent")).await;
    assert!(
        set_cookies(&begun).last().unwrap().len() > 700,
        "it carries as much as it may"
    );
    assert!(begun.location().starts_with("/login/consent?flow="));
    assert_eq!(set_cookies(&begun).len(), 17);
    assert!(is_small(&begun));
    for _ in 0..6 {
        ann.begin(&bed).await;
        ann.get(&bed, &format!("{AUTHORIZE}&prompt=login")).await;
    }
    let flows = ann.cookies.iter().filter(|(name, _)| name.starts_with("__Host-flow-"));
    assert_eq!(flows.count(), 4);
    assert_eq!(ann.cookie("__Host-session").map(str::to_owned), session);
}

/// Where one replica has been replaced, and the other one not yet.
#[tokio::test(start_paused = true)]
async fn a_login_that_an_earlier_version_began_goes_on() {
    let bed = TestBed::new().await;
    let mut ann = Browser::default();
    let flow = ann.get(&bed, &super::long()).await.param("flow"); // it is kept, as all were
    let (name, value) = ann.cookies[0].clone();
    ann.cookies = vec![("__Host-browser".into(), value.clone())];
    let back = ann.finish(&bed, &flow, ANN).await;
    assert!(!back.param("code").is_empty());
    let mut eve = Browser::default();
    eve.keep(&name, "made up");
    eve.keep("__Host-browser", "made up");
    let refused = eve.get(&bed, &format!("/login?flow={flow}")).await;
    assert_eq!(refused.page(), (400, "error", "other-browser"));
    // The one cookie does not hide the login's own.
    ann.cookies = vec![("__Host-browser".into(), "made up".into()), (name, value)];
    let page = ann.get(&bed, &format!("/login?flow={flow}")).await;
    assert_eq!(page.page(), (200, "login", ""));
}
