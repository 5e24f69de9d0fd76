//! A replica with real Redis, Sentinel and a relay, and a person who logs in there.

#![allow(dead_code, reason = "each test is a program of its own, and may use a part of this")]

use super::{
    browser::Browser,
    port::Port,
    relay::Relay,
    stack::{BOTH, Stack},
    support::{Folder, Server, certificates::are_installed, done, get},
};
use std::path::Path;

/// A login of this client, as its link begins it; `state` as long as that.
pub(crate) fn authorize(port: u16, state_bytes: usize) -> String {
    format!(
        "http://127.0.0.1:{port}/authorize?response_type=code&client_id=web&redirect_uri=https%3A%2F%2Fapp.example%2Fcallback\
         &scope=openid&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256&state={}",
        "s".repeat(state_bytes)
    )
}

/// A client and a person.
pub(crate) fn fill(file: &str) {
    let client = [
        "--id",
        "web",
        "--name",
        "App",
        "--redirect-uri",
        "https://app.example/callback",
    ];
    done(&[&["add-client", "--directory", file][..], &client].concat());
    let person = ["--address", "ann@example.com", "--name", "Ann"];
    done(&[&["add-user", "--directory", file][..], &person].concat());
}

/// Ann at the page for her code: her login.
pub(crate) fn ask_for_a_code(browser: &mut Browser, port: u16) -> String {
    let (url, page) = browser.open(&authorize(port, 40));
    assert_eq!(page.status, 200, "{}", page.body);
    let flow = url.split_once("flow=").expect("the login page").1.to_owned();
    let form = format!("flow={flow}&address=ann@example.com");
    let sent = browser.request("POST", &format!("http://127.0.0.1:{port}/login/send"), &form);
    assert_eq!(sent.status, 303, "{}", sent.body);
    flow
}

/// Redis, a relay, and a replica that uses them, with a client and a person in its directory.
pub(crate) struct Served {
    pub(crate) stack: Stack,
    pub(crate) relay: Relay,
    pub(crate) server: Server,
    pub(crate) file: String,
    pub(crate) port: u16,
    pub(crate) ops_port: u16,
    _reserved: [Port; 2],
}

impl Served {
    /// `None`: there is no Redis here. The directory is at `disk`.
    pub(crate) fn start(folder: &Folder, disk: &Path, relay: Relay) -> Option<Served> {
        if !are_installed(&["redis-server"]) {
            return None;
        }
        Some(Served::with(Stack::start(folder.path(), false), disk, relay))
    }

    /// The same with a Redis that is there.
    pub(crate) fn with(stack: Stack, disk: &Path, relay: Relay) -> Served {
        let file = disk.join("directory.sqlite").display().to_string();
        done(&["init", "--directory", &file]);
        fill(&file);
        let options = ["--redis-user", "idp", "--mail-relay", &relay.address];
        let (mut server, [port, ops_port], _reserved) = stack.replica(disk, &options, &BOTH);
        server.wait_for_port(port);
        let mut served = Served {
            stack,
            relay,
            server,
            file,
            port,
            ops_port,
            _reserved,
        };
        served.gets_well();
        served
    }

    /// Waits until health says this.
    pub(crate) fn says(&mut self, what: &str) {
        let ops_port = self.ops_port;
        self.server
            .wait_until("health to say so", |_| get(ops_port, "/health").1.contains(what));
    }

    /// Waits until nothing is wrong.
    pub(crate) fn gets_well(&mut self) {
        let ops_port = self.ops_port;
        self.server.wait_until("health to be well", |_| is_well(ops_port));
    }

    /// Ann asks for a code, and gets it: her login and the code, as a form.
    pub(crate) fn code(&mut self, browser: &mut Browser) -> String {
        let flow = ask_for_a_code(browser, self.port);
        let relay = &self.relay;
        self.server.wait_until("a mail", |_| relay.code().is_some());
        format!("flow={flow}&code={}", self.relay.code().expect("it has come"))
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }
}

pub(crate) fn is_well(ops_port: u16) -> bool {
    let says = get(ops_port, "/health").1;
    says.contains("\"status\":\"ok\"") && says.contains("\"reasons\":[]")
}
