//! Pages, opened in a real browser: they render, filter, and fetch nothing. And they tell no secret.

#[path = "common/browser.rs"]
mod browser;
mod common;

use browser::{browser, opened, opened_beside, tempfolder};
use scenarios::{login::Login, service, vocabulary::Setup, world::Scene};
use sim::{
    judge::{JudgeOptions, judge},
    report::html::{FailurePage, failure_page},
    run::perform,
    world::Act,
};
use std::{
    collections::BTreeSet,
    fs,
    net::TcpListener,
    path::PathBuf,
    sync::{Arc, Mutex},
};

const BUG: &str = "redemption_without_ledger";

/// The page that the command writes about a violation.
fn written(name: &str) -> (PathBuf, String) {
    let file = common::scratch(name);
    let path = file.to_str().expect("a readable path");
    let output = common::squall(&[
        "replay",
        "failover_mid_redemption",
        "--seed",
        "3",
        "--bug",
        BUG,
        "--report",
        path,
    ]);
    assert_eq!(
        output.status.code(),
        Some(1),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let page = fs::read_to_string(&file).expect("the page is there");
    (file, page)
}

/// A value that the script leaves on the document.
fn data<'a>(document: &'a str, name: &str) -> &'a str {
    let root = &document[..document.find("<head").expect("a head")];
    let start = root
        .find(&format!("data-{name}=\""))
        .unwrap_or_else(|| panic!("{name} is set: {root}"));
    root[start..].split('"').nth(1).unwrap_or_default()
}

/// Whether a lane of the timeline is shown.
fn shows(document: &str, lane: &str) -> bool {
    let marker = format!("data-lane=\"{lane}\"");
    let mut tags = document.match_indices(&marker).filter_map(|(at, _)| {
        let tag = &document[document[..at].rfind('<')?..];
        tag.starts_with("<svg")
            .then(|| tag[..tag.find('>').unwrap_or(tag.len())].to_owned())
    });
    let tag = tags.next().unwrap_or_else(|| panic!("there is a lane {lane}"));
    !tag.contains("hidden")
}

#[test]
fn a_page_renders_and_filters_in_a_browser() {
    let Some(browser) = browser("a_page_renders_and_filters_in_a_browser") else {
        return;
    };
    let (file, page) = written("renders.html");
    assert!(page.len() < 1_000_000, "{} bytes", page.len());

    let whole = opened(&browser, &file, "");
    assert!(whole.contains("class=\"live\""), "the script has run");
    assert_eq!(data(&whole, "filtered"), "no");
    assert!(shows(&whole, "idp-a") && shows(&whole, "redis-1") && shows(&whole, "thief"));
    assert!(!shows(&whole, "ann"), "who has no part in it is folded away");

    let filtered = opened(&browser, &file, "filter=redis-1");
    assert_eq!(data(&filtered, "filtered"), "yes");
    assert!(shows(&filtered, "redis-1") && !shows(&filtered, "idp-a") && !shows(&filtered, "ann"));
    let rows: usize = data(&filtered, "shown-rows").parse().expect("a number");
    let all: usize = data(&whole, "shown-rows").parse().expect("a number");
    assert!(0 < rows && rows < all, "{rows} of {all}");

    let unknown = opened(&browser, &file, "who=thief&outcome=done");
    assert!(shows(&unknown, "thief") && !shows(&unknown, "redis-1"));

    let arrows = opened(&browser, &file, "messages=1&filter=getdel");
    let drawn: usize = data(&arrows, "arrows").parse().expect("a number");
    assert!(drawn > 0, "messages are drawn");
    assert!(arrows.contains("GETDEL auth:oidc:code"));
}

/// The policy in the page is what keeps it offline, so it is put to the test: an image is slipped into a
/// copy of the page, and nobody calls; without the policy somebody does.
#[test]
fn a_page_fetches_nothing() {
    let Some(browser) = browser("a_page_fetches_nothing") else {
        return;
    };
    let (_, page) = written("offline.html");
    let body = page.find("<main>").expect("a body");
    for attribute in [
        " src=",
        "href=\"http",
        "href=\"//",
        "<link",
        "<base",
        "<iframe",
        "@import",
    ] {
        assert!(!page.contains(attribute), "{attribute}");
    }
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener.set_nonblocking(true).expect("it can wait");
    let address = listener.local_addr().expect("it has an address");
    let spoilt = format!("{}<img src=\"http://{address}/x.png\">{}", &page[..body], &page[body..]);
    let open = |name: &str, page: &str| {
        let file = common::scratch(name);
        fs::write(&file, page).expect("the page can be written");
        let mut called = false;
        // Anyone who calls is sent away at once: the page must not wait.
        opened_beside(&browser, &file, "", || called |= listener.accept().is_ok());
        called
    };
    assert!(!open("guarded.html", &spoilt), "the policy stops it");
    let unguarded = spoilt.replace("Content-Security-Policy", "x-no-policy");
    assert!(open("unguarded.html", &unguarded), "the test would have seen it");
}

#[test]
fn a_sweep_leaves_an_index_and_a_page_for_each_failure() {
    let folder = tempfolder("sweep-report");
    let path = folder.to_str().expect("a readable path");
    let output = common::squall(&["--bug", BUG, "--seeds", "5..7", "--report", path]);
    assert_eq!(
        output.status.code(),
        Some(1),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let index = fs::read_to_string(folder.join("index.html")).expect("the index is there");
    let pages: Vec<String> = (fs::read_dir(&folder).expect("a folder"))
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .filter(|name| name != "index.html")
        .collect();
    assert!(!pages.is_empty());
    for page in &pages {
        assert!(index.contains(&format!("href=\"{page}\"")), "{page} is linked");
    }
    assert!(index.contains("cargo squall replay failover_mid_redemption --seed"));
    assert!(index.contains("the master was replaced"));
}

#[test]
fn the_same_run_makes_the_same_page_and_is_not_changed_by_it() {
    let (_, first) = written("first.html");
    let (_, second) = written("second.html");
    assert!(first == second, "equal runs give equal bytes");
    let scenario = common::scenario("failover_mid_redemption");
    let bug = common::bug(BUG);
    let run = common::perform(&scenario, &scenario.plan(3), Some(&bug));
    let options = JudgeOptions {
        keep_messages: true,
        ..JudgeOptions::default()
    };
    let watched = judge(&scenario, &scenario.plan(3), Some(&bug), &options).expect("the harness works");
    assert_eq!(run.fingerprint, watched.fingerprint);
    assert_eq!((run.history, run.mark_records), (watched.history, watched.mark_records));
    assert!(run.messages.is_empty() && !watched.messages.is_empty());
    assert!(first.contains(&run.fingerprint.to_string()));
}

/// People as they are, and an ear for what they come to know.
fn overheard(scenes: Arc<Mutex<Vec<Scene>>>) -> Arc<Act<Login>> {
    Arc::new(move |scene, who, does| {
        scenes.lock().expect("no panic").push(scene.clone().into());
        service::act(scene, who, does)
    })
}

/// Whatever a page shows of codes, sessions and tokens is of no use to anybody.
#[test]
fn a_page_tells_no_secret() {
    let scenario = common::scenario("calm_day");
    for seed in 1..=3 {
        let scenes = Arc::new(Mutex::new(vec![]));
        let setup = Setup {
            people: Some(overheard(scenes.clone())),
            keep_messages: true,
            ..Setup::default()
        };
        let run = perform(&scenario.plan(seed), &setup).expect("the harness works");
        let page = failure_page(&FailurePage {
            run: &run,
            title: scenario.title(),
            bug: None,
            build: None,
            claims: &[],
            marks: &[],
            command: "cargo squall",
            replay: "",
            trials: &[],
        });
        let scene = scenes.lock().expect("no panic").pop().expect("people were there");
        let codes = scene.codes.count();
        assert!(codes > 0, "somebody logged in");
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("a runtime");
        for index in 0..codes {
            let seen = runtime.block_on(scene.codes.next(index));
            for secret in [Some(&seen.code), seen.verifier.as_ref()]
                .into_iter()
                .flatten()
                .chain(seen.client.secret.as_ref())
            {
                assert!(!page.contains(secret.as_str()), "seed {seed}: {secret}");
            }
        }
        let numbers: BTreeSet<&str> = page.split(|c: char| !c.is_ascii_digit()).collect();
        for operation in &run.plan.operations {
            for mail in scene.inboxes.list(&format!("{}@example.com", operation.who)) {
                let code = mail.code().unwrap_or("none");
                assert!(!numbers.contains(code), "seed {seed}: the mailed code {code}");
            }
        }
        // Tokens, cookies and identifiers are at least 32 characters of one word; nothing here is.
        let visible = &page[page.find("<main>").expect("a body")..];
        let visible = &visible[..visible.rfind("'use strict'").expect("a script")];
        let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let longest = visible.split(|c| !word(c)).max_by_key(|word| word.len()).unwrap_or("");
        assert!(longest.len() < 32, "seed {seed}: {longest}");
    }
}
