//! What somebody may try to register, with what must be said of it: made from something good by breaking one rule, or none.
//!
//! Source: RFC 6749 section 3.1.2 (absolute, no fragment), RFC 8252 section 7 (loopback, private-use schemes), RFC 3986
//! sections 2 and 3; `core/LIMITS.md` (lengths).

use super::command::{Command, Kind};
use crate::people::choices::Choices;
use spec::Settings;
use std::sync::LazyLock;

static SETTINGS: LazyLock<Settings> = LazyLock::new(Settings::default);

fn limit(row: &str) -> usize {
    SETTINGS.get(row) as usize
}

/// Redirect URIs that may be registered.
const GOOD: [&str; 12] = [
    "https://app.example",
    "https://app.example/callback",
    "https://app.example:8443/callback?tenant=a%20b&x=.",
    "https://app.example/a..b/...",
    "https://app.example/.well-known/cb",
    "https://app.example/at?/../",
    "http://127.0.0.1/cb",
    "http://127.8.9.10:8000/callback",
    "http://[::1]:7/cb",
    "http://localhost/cb",
    "com.example.app:/callback",
    "com.example.app://callback/x",
];

/// What is no redirect URI, and why.
const BAD: [(&str, &str); 36] = [
    ("", "it is not an absolute URI"),
    ("/callback", "it is not an absolute URI"),
    ("app.example/callback", "it is not an absolute URI"),
    ("//app.example/callback", "it is not an absolute URI"),
    ("https://app.example/a b", "it has ' '"),
    ("https://app.example/\u{e9}", "it has 'é'"),
    ("https://app.example\\@evil.example/", "it has '\\\\'"),
    ("https://app.example/<x>", "it has '<'"),
    ("https://app.example/\u{7f}", "it has '\\u{7f}'"),
    ("https://app.example/\n", "it has '\\n'"),
    ("https://app.example/{x}", "it has '{'"),
    ("https://app.example/a|b", "it has '|'"),
    ("https://app.example/\"", "it has '\"'"),
    ("https://app.example/#", "it has a fragment"),
    ("https://app.example/cb#part", "it has a fragment"),
    ("com.example.app:/cb#part", "it has a fragment"),
    ("https://ann@app.example/", "it has a user name"),
    ("https://ann:pw@app.example/", "it has a user name"),
    ("https://:pw@app.example/", "it has a user name"),
    ("https://app.example/../cb", "its path has `.` or `..`"),
    ("https://app.example/a/./cb", "its path has `.` or `..`"),
    ("https://app.example/a/..", "its path has `.` or `..`"),
    ("https://app.example/a/.", "its path has `.` or `..`"),
    ("https://app.example/a/%2e%2E/cb", "its path has `.` or `..`"),
    ("https://app.example/a/.%2e?x", "its path has `.` or `..`"),
    ("https://", "it has no host"),
    ("https:app.example/cb", "it has no host"),
    ("https:/app.example/cb", "it has no host"),
    ("https:///cb", "it has no host"),
    ("http://app.example/cb", "http is for loopback"),
    ("http://10.0.0.1/cb", "http is for loopback"),
    ("http://localhost.evil.example/cb", "http is for loopback"),
    ("http://[::2]/cb", "http is for loopback"),
    ("javascript:alert(1)", "the scheme `javascript`"),
    ("file:///etc/passwd", "the scheme `file`"),
    ("myapp:/callback", "the scheme `myapp`"),
];

/// A text that somebody may try to register.
pub(super) fn draw(choices: &Choices) -> Command {
    let (kind, all) = match choices.between(0, 7) {
        0..=5 => (Kind::RedirectUri, redirect_uris()),
        6 => (Kind::ClientId, client_ids()),
        _ => (Kind::DisplayName, display_names()),
    };
    let (text, _) = choices.pick(&all).expect("there are some").clone();
    Command::Check { kind, text }
}

/// What must be said of a text, if it is one of these: the beginning of the reason.
pub(super) fn verdict(kind: Kind, text: &str) -> Option<Option<&'static str>> {
    let all = match kind {
        Kind::RedirectUri => redirect_uris(),
        Kind::ClientId => client_ids(),
        Kind::DisplayName => display_names(),
    };
    all.into_iter().find(|(known, _)| known == text).map(|(_, why)| why)
}

type Candidate = (String, Option<&'static str>);

fn redirect_uris() -> Vec<Candidate> {
    let longest = |more: usize| {
        let start = "https://app.example/";
        format!(
            "{start}{}",
            "x".repeat(limit("bytes of a redirect URI") - start.len() + more)
        )
    };
    let good = GOOD.map(|uri| (uri.to_owned(), None));
    let bad = BAD.map(|(uri, why)| (uri.to_owned(), Some(why)));
    let lengths = [
        (longest(0), None),
        (longest(1), Some("it has 513 bytes, and 512 are the most")),
    ];
    good.into_iter().chain(bad).chain(lengths).collect()
}

fn client_ids() -> Vec<Candidate> {
    let most = limit("bytes of a client's name for itself");
    let visible: String = ('!'..='~').collect();
    vec![
        ("a".into(), None),
        (visible, None),
        ("x".repeat(most), None),
        (String::new(), Some("it is empty")),
        ("x".repeat(most + 1), Some("it is too long: 128 bytes are the most")),
        ("two words".into(), Some("it has ' ': use visible ASCII characters")),
        ("caf\u{e9}".into(), Some("it has 'é': use visible ASCII characters")),
        ("a\u{7f}".into(), Some("it has '\\u{7f}': use visible ASCII characters")),
    ]
}

fn display_names() -> Vec<Candidate> {
    let most = limit("characters of a display name");
    vec![
        ("A".into(), None),
        ("Żaneta O'Neil \u{1f600}".into(), None),
        ("\u{e9}".repeat(most), None),
        (String::new(), Some("it is empty")),
        (" \u{a0} ".into(), Some("it is empty")),
        (
            "\u{e9}".repeat(most + 1),
            Some("it is too long: 100 characters are the most"),
        ),
        ("a\nb".into(), Some("it has '\\n': use characters that can be seen")),
        (
            "a\u{9d}b".into(),
            Some("it has '\\u{9d}': use characters that can be seen"),
        ),
    ]
}
