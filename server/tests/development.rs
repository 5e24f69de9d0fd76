//! `idp --dev`: a developer logs in at the demo client, by hand and by curl, as often as they like.

#[path = "support/browser.rs"]
mod browser;
#[expect(unreachable_pub, reason = "the file is part of a library")]
#[path = "../../sim/conformance/src/port.rs"]
mod port;
mod support;

use browser::{Browser, printed_codes};
use port::Port;
use serde_json::Value;
use std::{
    io::Write,
    process::{Command, Stdio},
};
use support::{Folder, Server, idp};

/// A server for development, and its ports: for people, for operators, of the demo client.
fn dev(folder: &Folder) -> (Server, [u16; 3], [Port; 3]) {
    let reserved = [(); 3].map(|()| Port::reserve().expect("a free port"));
    let ports = reserved.each_ref().map(Port::number);
    let [port, ops_port, demo_port] = ports.map(|port| port.to_string());
    let file = folder.file("directory.sqlite");
    let mut command = idp(&[
        "--dev",
        "--port",
        &port,
        "--ops-port",
        &ops_port,
        "--demo-port",
        &demo_port,
    ]);
    command.args(["--directory", &file]);
    let mut server = Server::start(command);
    server.wait_for_port(ports[0]);
    (server, ports, reserved)
}

/// The code that was printed last.
fn printed_code(server: &Server) -> Option<String> {
    printed_codes(server).pop()
}

fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let (_, rest) = text.split_once(from).unwrap_or_else(|| panic!("no {from:?} in {text}"));
    rest.split_once(to).map_or(rest, |(found, _)| found)
}

#[test]
fn the_demo_client_shows_the_tokens_that_it_got() {
    let folder = Folder::new("demo");
    let (mut server, [port, _, demo_port], _reserved) = dev(&folder);
    server.wait_for_port(demo_port);
    let (issuer, demo) = (
        format!("http://127.0.0.1:{port}"),
        format!("http://127.0.0.1:{demo_port}"),
    );
    assert!(
        server.logged().contains(&format!("try it at {demo}/")),
        "{}",
        server.logged()
    );
    let mut browser = Browser::default();
    assert!(
        browser
            .request("GET", &format!("{demo}/"), "")
            .body
            .contains("href=\"/login\"")
    );
    let authorize = browser.redirected(&format!("{demo}/login"));
    assert!(authorize.starts_with(&format!("{issuer}/authorize?")), "{authorize}");
    let login = browser.open(&authorize).0;
    // In another tab another login begins meanwhile, and another client posts its request.
    let other = browser.redirected(&format!("{demo}/login"));
    let (endpoint, query) = other.split_once('?').expect("a query");
    let posted = browser.request("POST", endpoint, query);
    assert_eq!(
        (posted.status, posted.header("location")),
        (303, Some(&*format!("/authorize?{query}")))
    );
    assert!(browser.redirected(&other).contains("/login?flow="));
    let back = browser.log_in(&mut server, &login, "ann@example.com");
    assert!(back.starts_with(&format!("{demo}/callback?code=")), "{back}");

    let shown = browser.request("GET", &back, "");
    assert_eq!(shown.status, 200, "{}", shown.body);
    let claims = between(&shown.body, "<pre id=\"claims\">", "</pre>").replace("&quot;", "\"");
    let claims: Value = serde_json::from_str(&claims).expect("JSON");
    assert_eq!(
        (&claims["sub"], &claims["iss"]),
        (&"user-ann".into(), &issuer.as_str().into())
    );
    let userinfo = between(&shown.body, "<pre id=\"userinfo\">", "</pre>");
    assert!(userinfo.contains("ann@example.com"), "{userinfo}");
    assert_eq!(between(&shown.body, "<pre id=\"access-token\">", "</pre>").len(), 43);
    assert_eq!(shown.header("cache-control"), Some("no-store"));

    let again = browser.request("GET", &back, "");
    assert!(
        again.status == 400 && again.body.contains("invalid_grant"),
        "the code is spent: {}",
        again.body
    );
    let stranger = Browser::default().request("GET", &back, "");
    assert!(
        stranger.status == 400 && stranger.body.contains("no login under way"),
        "{}",
        stranger.body
    );
    let forged = browser.request("GET", &format!("{demo}/callback?code=x&state=y"), "");
    assert!(
        forged.status == 400 && forged.body.contains("`state`"),
        "{}",
        forged.body
    );
}

/// The block of README.md that begins with this line.
fn readme_block(first: &str) -> String {
    let readme = include_str!("../../README.md");
    let from = readme
        .find(first)
        .unwrap_or_else(|| panic!("README.md has no {first:?}"));
    readme[from..].split("```").next().expect("a block").to_owned()
}

/// A developer logs in by curl, as README.md says: six times and more, for the limits of production are not there.
#[test]
fn the_login_by_curl_of_the_readme_works_again_and_again() {
    for tool in ["curl", "openssl", "bash"] {
        let found = Command::new(tool)
            .arg("--version")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        let found = found.or_else(|_| Command::new(tool).arg("version").stdout(Stdio::null()).status());
        if found.is_err() {
            assert!(std::env::var_os("CI").is_none(), "{tool} is not installed");
            eprintln!("left out: {tool} is not installed");
            return;
        }
    }
    let folder = Folder::new("curl");
    let (mut server, [port, ..], _reserved) = dev(&folder);
    let script = readme_block("issuer=http://127.0.0.1:8080");
    let script = script.replace("127.0.0.1:8080", &format!("127.0.0.1:{port}"));
    for nth in 1..=12 {
        let mut bash = Command::new("bash")
            .args(["-eu", "-c", &script])
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("bash starts");
        let codes = |server: &Server| {
            server
                .printed()
                .iter()
                .filter(|line| line.contains("login code is "))
                .count()
        };
        server.wait_until("another code", |server| codes(server) == nth);
        let code = printed_code(&server).expect("a code");
        let mut typed = bash.stdin.take().expect("a pipe");
        writeln!(typed, "{code}").expect("typed");
        drop(typed);
        let output = bash.wait_with_output().expect("it ends");
        let out = String::from_utf8_lossy(&output.stdout);
        let tokens = out
            .lines()
            .last()
            .and_then(|line| serde_json::from_str::<Value>(line).ok());
        let tokens = tokens.unwrap_or_else(|| panic!("login {nth}: no tokens: {out}"));
        assert_eq!(tokens["token_type"], "Bearer", "login {nth}: {out}");
        assert!(!server.has_ended());
    }
}
