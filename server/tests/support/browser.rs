//! A browser on this machine, and a person at the login page of a server for development.

#![allow(dead_code, reason = "each test is a program of its own, and may use a part of this")]

use super::support::{Answer, Server, send_to};
use std::collections::BTreeMap;

/// A browser: the cookies of a host go to all its ports (RFC 6265 section 8.5).
#[derive(Default)]
pub(crate) struct Browser(BTreeMap<(String, String), String>);

impl Browser {
    pub(crate) fn request(&mut self, method: &str, url: &str, body: &str) -> Answer {
        let rest = url.strip_prefix("http://").expect("a URL of this machine");
        let (authority, path) = rest.split_once('/').expect("a path");
        let (host, port) = authority.split_once(':').expect("a port");
        let cookies = self.0.iter().filter(|((of, _), _)| of == host);
        let cookies: Vec<String> = cookies.map(|((_, name), value)| format!("{name}={value}")).collect();
        let mut headers = format!("Accept: text/html\r\nCookie: {}\r\n", cookies.join("; "));
        if method == "POST" {
            headers += "Content-Type: application/x-www-form-urlencoded\r\nSec-Fetch-Site: same-origin\r\n";
        }
        let to = (host, port.parse().expect("a port"));
        let answer = send_to(to, method, &format!("/{path}"), &headers, body);
        let set = answer.head.lines().filter_map(|line| line.split_once(": "));
        for (_, cookie) in set.filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie")) {
            let pair = cookie.split(';').next().and_then(|pair| pair.split_once('='));
            let (name, value) = pair.expect("a pair");
            let key = (host.to_owned(), name.to_owned());
            match value {
                "" => drop(self.0.remove(&key)),
                _ => drop(self.0.insert(key, value.to_owned())),
            }
        }
        answer
    }

    /// Where a GET of this URL redirects to.
    pub(crate) fn redirected(&mut self, url: &str) -> String {
        let answer = self.request("GET", url, "");
        let location = answer.header("location");
        location
            .unwrap_or_else(|| panic!("{url}: {}\n{}", answer.head, answer.body))
            .to_owned()
    }

    /// Follows redirects from a URL to a page; the page, and its URL.
    pub(crate) fn open(&mut self, url: &str) -> (String, Answer) {
        let mut url = url.to_owned();
        for _ in 0..10 {
            let answer = self.request("GET", &url, "");
            let Some(location) = answer.header("location") else {
                return (url, answer);
            };
            url = match location.strip_prefix('/') {
                None => location.to_owned(),
                Some(path) => format!("{}/{path}", url.split('/').take(3).collect::<Vec<_>>().join("/")),
            };
        }
        panic!("ten redirects, and still none is the last: {url}");
    }

    /// Forgets the cookies of a host.
    pub(crate) fn forget(&mut self, host: &str) {
        self.0.retain(|(of, _), _| of != host);
    }

    /// Types an address and the code that comes on the login page at this URL; where the browser is sent then.
    pub(crate) fn log_in(&mut self, server: &mut Server, login: &str, address: &str) -> String {
        let (issuer, flow) = login.split_once("/login?flow=").expect("the login page");
        let before = printed_codes(server).len();
        let form = format!("flow={flow}&address={address}");
        let sent = self.request("POST", &format!("{issuer}/login/send"), &form);
        assert_eq!(sent.status, 303, "{}", sent.body);
        server.wait_until("a code", |server| printed_codes(server).len() > before);
        let code = printed_codes(server).pop().expect("a code");
        let verified = self.request(
            "POST",
            &format!("{issuer}/login/verify"),
            &format!("flow={flow}&code={code}"),
        );
        assert_eq!(verified.status, 303, "{}", verified.body);
        self.redirected(&format!("{issuer}/login/continue?flow={flow}"))
    }
}

/// The codes that a server for development has printed.
pub(crate) fn printed_codes(server: &Server) -> Vec<String> {
    let printed = server.printed();
    let codes = printed.iter().filter_map(|line| line.split("login code is ").nth(1));
    codes
        .map(|code| code.chars().take_while(char::is_ascii_digit).collect())
        .collect()
}
