//! Clients that others have written, as they are shipped: each logs in twice at the real program, the second time without being
//! asked anything.
//!
//! They are registered as an operator would register them, with no option that is not needed. `ci/test` installs them.

mod authlib;
#[path = "../support/browser.rs"]
mod browser;
mod mod_auth_openidc;
mod openid_client;
#[expect(unreachable_pub, reason = "the file is part of a library")]
#[path = "../../../sim/conformance/src/port.rs"]
mod port;
#[path = "../support/mod.rs"]
mod support;

use browser::Browser;
use port::Port;
use serde_json::Value;
use std::path::{Path, PathBuf};
use support::{Answer, Folder, Server, done, idp};

/// A server for development with an application registered at it, which is to listen on a port of this machine.
struct World {
    folder: Folder,
    server: Server,
    issuer: String,
    client_id: &'static str,
    client_secret: String,
    port: u16,
    _reserved: [Port; 3],
}

impl World {
    /// `callback` is the path of the redirect URI.
    fn new(client_id: &'static str, callback: &str) -> World {
        let folder = Folder::new(client_id);
        let reserved = [(); 3].map(|()| Port::reserve().expect("a free port"));
        let [service, operators, port] = reserved.each_ref().map(Port::number);
        let directory = folder.file("directory.sqlite");
        let [service_port, operators_port] = [service, operators].map(|port| port.to_string());
        let ports = [
            "--port",
            &service_port,
            "--ops-port",
            &operators_port,
            "--demo-port",
            "0",
        ];
        let mut server = Server::start(idp(&[&["--dev", "--directory", &directory], &ports[..]].concat()));
        server.wait_for_port(service);
        let redirect_uri = format!("http://localhost:{port}{callback}");
        let mut add = vec![
            "add-client",
            "--directory",
            &directory,
            "--id",
            client_id,
            "--name",
            "App",
        ];
        add.extend(["--redirect-uri", &redirect_uri, "--confidential", "--json"]);
        let added: Value = serde_json::from_str(&done(&add)).expect("JSON");
        World {
            client_secret: added["client_secret"].as_str().expect("a secret").to_owned(),
            issuer: format!("http://127.0.0.1:{service}"),
            folder,
            server,
            client_id,
            port,
            _reserved: reserved,
        }
    }

    /// What the application is started with.
    fn arguments(&self) -> [String; 4] {
        let (issuer, id) = (self.issuer.clone(), self.client_id.to_owned());
        [issuer, id, self.client_secret.clone(), self.port.to_string()]
    }

    /// Ann opens a page of the application for which she has to log in, and does so; later once more, when the application has
    /// forgotten her and the service has not. `who` finds on the page who it is.
    fn ann_logs_in_twice(&mut self, mut app: Server, path: &str, who: fn(&Answer) -> [String; 2]) {
        app.wait_for_port(self.port);
        let (mut browser, page) = (Browser::default(), format!("http://localhost:{}{path}", self.port));
        let (login, asked) = browser.open(&page);
        let is_login_page = login.starts_with(&format!("{}/login?flow=", self.issuer));
        assert!(is_login_page, "{login}: {}\n{}", asked.body, app.logged());
        let back = browser.log_in(&mut self.server, &login, "ann@example.com");
        let first = browser.open(&back).1;
        browser.forget("localhost");
        let second = browser.open(&page).1;
        for shown in [first, second] {
            assert_eq!(shown.status, 200, "{}\n{}", shown.body, app.logged());
            assert_eq!(who(&shown), ["user-ann", "ann@example.com"].map(str::to_owned));
        }
    }
}

/// Who it is, on a page that is JSON.
fn who(shown: &Answer) -> [String; 2] {
    let page: Value = serde_json::from_str(&shown.body).expect("JSON");
    ["sub", "email"].map(|name| page[name].as_str().unwrap_or_default().to_owned())
}

/// Where `ci/test` installs clients that are no programs.
fn installed() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .parent()
        .expect("the target folder");
    target.join("foreign-clients")
}

/// A client that is not installed: left out on a developer's machine, and a failure in CI.
fn left_out(client: &str) {
    assert!(std::env::var_os("CI").is_none(), "{client} is not installed");
    eprintln!("left out: {client} is not installed; ci/test installs it");
}
