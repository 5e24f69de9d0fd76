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
    let kind = match choices.between(0, 7) {
        0..=5 => Kind::RedirectUri,
        6 => Kind::ClientId,
        _ => Kind::DisplayName,
    };
    let all = all(kind);
    let (text, _) = choices.pick(&all).expect("there are some").clone();
    Command::Check { kind, text }
}

/// Why a text is refused: the beginning of the reason. `None`: it may be registered.
///
/// # Panics
/// The text is not one of these.
pub(super) fn refusal(kind: Kind, text: &str) -> Option<String> {
    let found = all(kind).into_iter().find(|(known, _)| known == text);
    found.expect("only what is drawn here is checked").1
}

/// All texts to register as something.
pub(super) fn all(kind: Kind) -> Vec<Candidate> {
    match kind {
        Kind::RedirectUri => redirect_uris(),
        Kind::ClientId => client_ids(),
        Kind::DisplayName => display_names(),
    }
}

/// A text, and the beginning of the reason why it is refused; `None`: it may be registered.
type Candidate = (String, Option<String>);

fn good(text: impl Into<String>) -> Candidate {
    (text.into(), None)
}

fn bad(text: impl Into<String>, why: impl Into<String>) -> Candidate {
    (text.into(), Some(why.into()))
}

fn redirect_uris() -> Vec<Candidate> {
    let most = limit("bytes of a redirect URI");
    let of_bytes = |bytes: usize| {
        let start = "https://app.example/";
        format!("{start}{}", "x".repeat(bytes - start.len()))
    };
    let too_long = format!("it has {} bytes, and {most} are the most", most + 1);
    let lengths = [good(of_bytes(most)), bad(of_bytes(most + 1), too_long)];
    let bads = BAD.into_iter().map(|(uri, why)| bad(uri, why));
    GOOD.into_iter().map(good).chain(bads).chain(lengths).collect()
}

fn client_ids() -> Vec<Candidate> {
    let most = limit("bytes of a client's name for itself");
    let visible: String = ('!'..='~').collect();
    vec![
        good("a"),
        good(visible),
        good("x".repeat(most)),
        bad("", "it is empty"),
        bad(
            "x".repeat(most + 1),
            format!("it is too long: {most} bytes are the most"),
        ),
        bad("two words", "it has ' ': use visible ASCII characters"),
        bad("caf\u{e9}", "it has 'é': use visible ASCII characters"),
        bad("a\u{7f}", "it has '\\u{7f}': use visible ASCII characters"),
    ]
}

fn display_names() -> Vec<Candidate> {
    let most = limit("characters of a display name");
    vec![
        good("A"),
        good("Żaneta O'Neil \u{1f600}"),
        good("\u{e9}".repeat(most)),
        bad("", "it is empty"),
        bad(" \u{a0} ", "it is empty"),
        bad(
            "\u{e9}".repeat(most + 1),
            format!("it is too long: {most} characters are the most"),
        ),
        bad("a\nb", "it has '\\n': use characters that can be seen"),
        bad("a\u{9d}b", "it has '\\u{9d}': use characters that can be seen"),
    ]
}
