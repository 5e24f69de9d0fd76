use super::*;
use crate::{people::testing::Script, vocabulary::History};

const LOGIN: (&str, &str) = (
    "200 OK\nContent-Type: text/html; charset=utf-8\nReferrer-Policy: no-referrer",
    r#"<main data-page="login"><form method="post" action="/login/send">
       <input type="hidden" name="flow" value="f"><input name="address"></form></main>"#,
);

fn browser(script: &Script) -> (Browser, Recorder) {
    let scene = script.scene();
    (Browser::new(&scene, "ann"), scene.recorder)
}

fn logged_out(history: &History) -> usize {
    let lost = |event: &Event| {
        matches!(
            event,
            Event::Own(Observation::Session(session::Observation::LoggedOut { .. }))
        )
    };
    history.records.iter().filter(|record| lost(&record.event)).count()
}

fn page(landing: Outcome<Landing>) -> Reply {
    match landing {
        Ok(Landing::Page(reply)) => *reply,
        other => panic!("not on a page: {other:?}"),
    }
}

#[tokio::test]
async fn follows_redirects_keeps_cookies_and_sends_forms() {
    let script = Script::new(&[
        (
            "303 See Other\nLocation: /login?flow=f\nSet-Cookie: __Host-flow-1=b; Secure; HttpOnly; SameSite=Lax; Path=/",
            "",
        ),
        LOGIN,
        ("303 See Other\nLocation: /login/code?flow=f", ""),
    ]);
    let (browser, _) = browser(&script);
    let login = page(browser.open("https://login.example/authorize?x=1").await);
    assert!(login.is("login"));
    let sent = browser
        .submit(&login, "/login/send", &[("address", "ann@example.com")])
        .await;
    assert!(sent.unwrap().leads_to("/login/code"));

    let requests = script.requests();
    assert!(requests[0].starts_with("GET /authorize?x=1 HTTP/1.1\r\nhost: login.example\r\n"));
    assert!(!requests[0].contains("cookie:"));
    assert!(requests[0].contains("sec-fetch-site: cross-site"));
    assert!(requests[1].starts_with("GET /login?flow=f HTTP/1.1\r\n"));
    assert!(requests[1].contains("cookie: __Host-flow-1=b\r\n"));
    assert!(requests[2].starts_with("POST /login/send HTTP/1.1\r\n"));
    assert!(requests[2].contains("origin: null\r\n"), "the page forbids referrers");
    assert!(requests[2].ends_with("\r\n\r\nflow=f&address=ann%40example.com"));
}

/// RFC 6265bis section 4.1.2.7.
#[tokio::test]
async fn a_form_of_another_site_comes_without_lax_cookies_and_what_follows_with_them() {
    let script = Script::new(&[
        (
            "303 See Other\nLocation: /login\nSet-Cookie: a=b; SameSite=Lax; Path=/",
            "",
        ),
        LOGIN,
        ("303 See Other\nLocation: /authorize?x=1", ""),
        ("303 See Other\nLocation: https://app.example/callback?code=c", ""),
    ]);
    let (browser, _) = browser(&script);
    page(browser.open("https://login.example/authorize").await);
    let landing = browser.open_by_form("https://login.example/authorize?x=1&y=%20").await;
    assert!(matches!(landing, Ok(Landing::Foreign(_))), "{landing:?}");
    let requests = script.requests();
    let [posted, followed] = &requests[2..] else {
        panic!("{requests:?}")
    };
    assert!(posted.starts_with("POST /authorize HTTP/1.1\r\n") && posted.ends_with("\r\n\r\nx=1&y=%20"));
    assert!(posted.contains("origin: https://elsewhere.example\r\n") && !posted.contains("cookie:"));
    assert!(followed.starts_with("GET /authorize?x=1 HTTP/1.1\r\n"));
    assert!(followed.contains("cookie: a=b\r\n") && followed.contains("sec-fetch-site: cross-site"));
}

#[tokio::test]
async fn stops_at_a_foreign_origin() {
    let script = Script::new(&[("303 See Other\nLocation: https://app.example/callback?code=c", "")]);
    let landing = browser(&script).0.open("https://login.example/authorize").await;
    match landing {
        Ok(Landing::Foreign(url)) => assert_eq!(url.as_str(), "https://app.example/callback?code=c"),
        other => panic!("{other:?}"),
    }
    assert_eq!(script.requests().len(), 1);
}

#[tokio::test]
async fn a_form_leads_nowhere_that_its_page_forbids() {
    for (policy, allowed) in [
        (
            "default-src 'none'; form-action 'self' https://app.example; base-uri 'none'",
            true,
        ),
        ("form-action 'self'", false),
        ("form-action 'self' https://app.example.evil", false),
        ("default-src 'none'", true),
    ] {
        let head = format!("{}\nContent-Security-Policy: {policy}", LOGIN.0);
        let script = Script::new(&[
            (&head, LOGIN.1),
            ("303 See Other\nLocation: /login/continue", ""),
            ("303 See Other\nLocation: https://app.example/callback?code=c", ""),
        ]);
        let (browser, _) = browser(&script);
        let login = page(browser.open("https://login.example/login").await);
        let reply = browser.submit(&login, "/login/send", &[]).await.unwrap();
        let landing = browser.follow(reply).await;
        assert_eq!(
            matches!(landing, Ok(Landing::Foreign(_))),
            allowed,
            "{policy}: {landing:?}"
        );
    }
}

/// A client's callback may go on to another origin of its own, of which the service knows nothing.
#[tokio::test]
async fn a_policy_of_the_form_binds_the_redirects_of_the_client() {
    for (policy, allowed) in [
        ("form-action 'self' https://grafana.example", false),
        (
            "form-action 'self' https://grafana.example https://dashboards.example",
            true,
        ),
        ("default-src 'none'", true),
    ] {
        let head = format!("{}\nContent-Security-Policy: {policy}", LOGIN.0);
        let back = "303 See Other\nLocation: https://grafana.example/login/generic_oauth?code=c";
        let script = Script::new(&[(&head, LOGIN.1), (back, "")]);
        let (browser, _) = browser(&script);
        let login = page(browser.open("https://login.example/login").await);
        let reply = browser.submit(&login, "/login/send", &[]).await.unwrap();
        let landing = browser.follow(reply).await;
        assert_eq!(
            matches!(landing, Ok(Landing::Foreign(_))),
            allowed,
            "{policy}: {landing:?}"
        );
    }
}

#[tokio::test]
async fn gives_up_a_circle_of_redirects() {
    let script = Script::new(&[("303 See Other\nLocation: /again", ""); 20]);
    let landing = browser(&script).0.open("https://login.example/authorize").await;
    assert!(
        matches!(landing, Err(Failure::Unknown(Cause::Protocol(_)))),
        "{landing:?}"
    );
    assert_eq!(script.requests().len(), 1 + REDIRECTS_MAX);
}

#[tokio::test]
async fn a_missing_form_and_a_refused_connection_are_definite() {
    let script = Script::new(&[LOGIN]);
    let (browser, _) = browser(&script);
    let login = page(browser.open("https://login.example/login").await);
    let missing = browser.submit(&login, "/login/verify", &[]).await;
    assert!(matches!(missing, Err(Failure::Fail(Cause::Protocol(_)))), "{missing:?}");
    let refused = browser.open("https://login.example/login").await;
    assert!(
        matches!(refused, Err(Failure::Fail(Cause::Unreachable(_)))),
        "{refused:?}"
    );
}

const SESSION: (&str, &str) = ("200 OK\nSet-Cookie: __Host-session=s; Secure; Path=/; Max-Age=60", "");

fn account(signed_in: bool) -> String {
    format!(r#"<main data-page="account" data-signed-in="{signed_in}">"#)
}

#[tokio::test]
async fn notes_a_lost_session_once() {
    let (yes, no) = (account(true), account(false));
    let html = "200 OK\nContent-Type: text/html";
    for (what, answers, expected) in [
        ("shown as signed in", vec![(html, yes.as_str())], 0),
        (
            "shown as signed out, twice",
            vec![(html, no.as_str()), (html, no.as_str())],
            1,
        ),
        (
            "an error page keeps it",
            vec![("503 No\nContent-Type: text/html", r#"<main data-page="error">"#)],
            0,
        ),
        ("the page for strangers", vec![LOGIN], 1),
        (
            "the cookie is deleted with an error",
            vec![("503 No\nSet-Cookie: __Host-session=; Secure; Path=/; Max-Age=0", "")],
            1,
        ),
    ] {
        let script = Script::new(&[vec![SESSION], answers.clone()].concat());
        let (browser, recorder) = browser(&script);
        assert_eq!(browser.session(), None);
        for _ in 0..=answers.len() {
            page(browser.visit("/").await);
        }
        assert_eq!(logged_out(&recorder.history()), expected, "{what}");
    }
}

/// A login began before another tab was logged in, and its page is shown afterwards.
#[tokio::test]
async fn what_another_tab_has_got_is_not_lost() {
    let script = Script::new(&[("303 See Other\nLocation: /login", ""), SESSION, LOGIN, LOGIN, LOGIN]);
    let (browser, recorder) = browser(&script);
    let begun = browser.look_at("https://login.example/authorize").await.unwrap();
    page(browser.visit("/").await);
    assert!(browser.session().is_some());
    let login = page(browser.follow(begun).await);
    assert_eq!(logged_out(&recorder.history()), 0);
    let sent = browser.submit(&login, "/login/send", &[]).await.unwrap();
    assert!(sent.is("login"));
    assert_eq!(logged_out(&recorder.history()), 0, "the form of a page from before");
    page(browser.visit("/login").await);
    assert_eq!(logged_out(&recorder.history()), 1);
}

#[tokio::test]
async fn a_stranger_is_not_logged_out() {
    let stranger = account(false);
    let script = Script::new(&[("200 OK\nContent-Type: text/html", &stranger), LOGIN]);
    let (browser, recorder) = browser(&script);
    page(browser.visit("/").await);
    page(browser.visit("/login").await);
    assert_eq!(logged_out(&recorder.history()), 0);
}
