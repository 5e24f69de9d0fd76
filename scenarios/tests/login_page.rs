//! Somebody presses a button six times (inventory 2), in a real browser: it says at once what it does, and counts as
//! pressed once. What the server makes of six presses is another matter (inventory 3).

#[path = "common/browser.rs"]
mod browser;
mod common;

use browser::{browser, opened, tempfolder};
use bytes::Bytes;
use scenarios::{
    login::Login,
    mailed_code,
    vocabulary::{Operation, Plan, Setup},
    world::Scene,
};
use sim::{run::perform, world::Act};
use std::{
    fs,
    sync::{Arc, Mutex},
    time::Duration,
};

const AUTHORIZE: &str = "/authorize?response_type=code&client_id=grafana&scope=openid&state=s&nonce=n\
    &redirect_uri=https%3A%2F%2Fgrafana.example%2Flogin%2Fgeneric_oauth\
    &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";

/// The page that a browser which wants to log in is sent to.
async fn asked(scene: &Scene) -> String {
    let mut cookie = String::new();
    let mut path = AUTHORIZE.to_owned();
    loop {
        let request = http::Request::get(&path)
            .header(http::header::HOST, "login.example")
            .header(http::header::COOKIE, &cookie)
            .body(Bytes::new().into())
            .expect("a request");
        let to = (scene.balancer.0.as_str(), scene.balancer.1);
        let reply = idp::http::client::send(&scene.env, to, request, Duration::from_secs(5)).await;
        let reply = reply.expect("nothing fails");
        let header = |name| {
            let value = reply.headers().get(name)?.to_str().ok()?;
            Some(value.to_owned())
        };
        if reply.status() == 200 {
            return String::from_utf8(reply.into_body().to_vec()).expect("a page is text");
        }
        let set = header(http::header::SET_COOKIE).expect("the login's state is bound to the browser");
        cookie = set.split(';').next().unwrap_or_default().to_owned();
        path = header(http::header::LOCATION).expect("it goes on somewhere");
        assert!(path.starts_with("/login"), "{path}");
    }
}

/// The login page, as the simulation's people get it.
fn login_page() -> String {
    let page: Arc<Mutex<String>> = Arc::default();
    let shared = page.clone();
    let people: Arc<Act<Login>> = Arc::new(move |scene, _, _| {
        let shared = shared.clone();
        Box::pin(async move {
            *shared.lock().expect("no panic") = asked(&scene.into()).await;
        })
    });
    let mut plan = Plan::new("login_page", 1, 10_000);
    plan.operations = vec![Operation {
        at_ms: 5000,
        who: "ann".into(),
        does: mailed_code::Behaviour::LogIn.into(),
    }];
    let setup = Setup {
        people: Some(people),
        ..Setup::default()
    };
    let run = perform(&plan, &setup).expect("the harness works");
    assert_eq!(run.violations, []);
    let page = page.lock().expect("no panic");
    page.clone()
}

/// Types an address and presses the button six times. What would be sent is counted and held back; what the button says
/// is looked at while there is no answer.
const SIX_PRESSES: &str = "<script>\
let sent=0;const form=document.forms[0],button=form.querySelector('button');\
form.addEventListener('submit',event=>{if(!event.defaultPrevented){sent++;event.preventDefault()}});\
form.querySelector('input[type=email]').value='ann@example.com';\
for(let i=0;i<6;i++)button.click();\
const seen=document.documentElement.dataset;\
seen.sent=sent;seen.says=button.textContent;seen.disabled=button.disabled</script>";

/// How often it was sent, what the button said, and whether it was disabled.
fn pressed(browser: &str, name: &str, page: &str) -> [String; 3] {
    let folder = tempfolder(&format!("login-page-{name}"));
    let file = folder.join("page.html");
    let (before, after) = page.rsplit_once("</body>").expect("a body");
    fs::write(&file, format!("{before}{SIX_PRESSES}</body>{after}")).expect("the page can be written");
    let document = opened(browser, &file, "");
    ["sent", "says", "disabled"].map(|value| {
        let (_, rest) = document
            .split_once(&format!("data-{value}=\""))
            .expect("the script has run");
        rest.split('"').next().unwrap_or_default().to_owned()
    })
}

#[test]
fn a_pressed_button_says_so_at_once_and_is_pressed_once() {
    let Some(browser) = browser("a_pressed_button_says_so_at_once_and_is_pressed_once") else {
        return;
    };
    let page = login_page();
    assert_eq!(pressed(&browser, "as-it-is", &page), ["1", "Sending code…", "true"]);

    // The mistake: a plain form, as the page is without its script.
    let (before, rest) = page.split_once("<script>").expect("the page has a script");
    let (_, after) = rest.split_once("</script>").expect("it ends");
    let plain = format!("{before}{after}");
    assert_eq!(pressed(&browser, "plain", &plain), ["6", "Send login code", "false"]);
}
