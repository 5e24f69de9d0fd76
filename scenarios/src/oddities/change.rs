//! All ways in which a request is changed, one at a time. Enumerable: the same request has the same list.

use super::{
    draft::Draft,
    pool::Pool,
    value::{How, OF_VALUES},
};
use crate::world::hosts;
use http::{HeaderName, HeaderValue, Method, header};
use spec::Settings;
use std::sync::LazyLock;
use url::form_urlencoded::byte_serialize;

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    /// Of a parameter or a cookie.
    Value(Place, usize, How),
    /// A parameter gets so many bytes, by more in front of it.
    Length(Place, usize, usize),
    /// An authorization request gets a `state` with which the way back has so many bytes (core/LIMITS.md), or one more.
    WayBack(usize),
    /// A header is replaced, or left out.
    Header(&'static str, Option<&'static str>),
    /// The `Authorization` header is sent twice.
    AuthorizationTwice,
    /// Another method.
    Method(&'static str),
    /// Another step.
    Path(&'static str),
    /// A parameter with this value: one more, or instead of what is there.
    Param(&'static str, &'static str),
    /// A parameter that means nothing here comes twice.
    Meaningless(&'static str),
    /// The browser has cookies of others as well, whose names are nearly those of ours.
    Neighbours,
    /// The browser has so many more cookies that are called like those of logins in progress, in front of its own.
    MadeUp(usize),
    /// A body larger than any form.
    Huge,
    /// A body of so many bytes.
    Bytes(usize),
    /// A body of so many bytes for another step, which may have no use for it: what nobody reads has to be read all the same.
    BytesTo(&'static str, usize),
    /// The client's secret in the form as well.
    SecretBothWays,
    /// Another client, which proves itself as it must, with all else as it is.
    OtherClient(&'static str),
    /// Nothing: the step is repeated.
    Nothing,
}

/// Where a value stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Query,
    Form,
    Cookie,
}

const OF_HEADERS: [(&str, Option<&str>); 16] = [
    ("sec-fetch-site", Some("cross-site")),
    ("sec-fetch-site", Some("same-site")),
    ("sec-fetch-site", Some("none")),
    ("sec-fetch-site", None),
    ("origin", Some("https://evil.example")),
    ("origin", Some("https://login.example")),
    ("origin", None),
    ("content-type", Some("text/plain")),
    ("content-type", Some("application/x-www-form-urlencoded; charset=UTF-8")),
    ("content-type", None),
    ("authorization", None),
    ("authorization", Some("Basic !")),
    ("authorization", Some("Basic Z3JhZmFuYTpndWVzc2Vk")), // grafana:guessed
    ("authorization", Some("Basic bm9ib2R5Omd1ZXNzZWQ=")), // nobody:guessed
    ("authorization", Some("Digest abc")),
    ("authorization", Some("Bearer abc")),
];

/// As long as a value may be at a step, or at any (core/LIMITS.md), and one byte longer.
static LENGTHS: LazyLock<[(&str, &str, [usize; 2]); 4]> = LazyLock::new(|| {
    let settings = Settings::default();
    let up_to = |row| {
        let bytes = settings.get(row) as usize;
        [bytes, bytes + 1]
    };
    [
        ("", "state", up_to("bytes of state or nonce")),
        ("/end-session", "state", up_to("bytes of state at a sign-out")),
        ("", "nonce", up_to("bytes of state or nonce")),
        ("", "address", up_to("bytes of a mail address")),
    ]
});

/// Parameters that mean something at one step or another, and one that nobody knows.
const PARAMS: [(&str, &str); 16] = [
    ("x", "1"),
    ("response_mode", "query"),
    ("response_mode", "fragment"),
    ("response_type", "token"),
    ("response_type", "code id_token"),
    ("request", "e30"),
    ("request_uri", "https://evil.example/r"),
    ("code_challenge_method", "plain"),
    ("scope", "profile openid openid"),
    ("grant_type", "refresh_token"),
    ("client_id", "web"),
    ("client_id", "grafana"),
    ("client_secret", "guessed"),
    ("max_age", "99999999999999999999"),
    ("id_token_hint", "nonsense"),
    ("access_token", "guessed"),
];

/// What people type into a field: what is no address and no code, or is one as it may be typed.
const TYPED: [(&str, &str); 10] = [
    ("address", "@example.com"),
    ("address", "ann@"),
    ("address", "ann@bea@example.com"),
    ("address", "an n@example.com"),
    ("address", "a\u{1}nn@example.com"),
    ("address", "<ann@example.com>"),
    ("code", "abcdefgh"),
    ("code", "1234\u{661}678"),
    ("code", "12345678\t"),
    ("code", "12 34 56 78"),
];

const PATHS: [&str; 15] = [
    "/",
    "/.well-known/openid-configuration",
    "/authorize",
    "/end-session",
    "/jwks",
    "/login",
    "/login/code",
    "/login/consent",
    "/login/continue",
    "/login/send",
    "/login/verify",
    "/logout",
    "/token",
    "/userinfo",
    "/nowhere",
];

/// Cookies that are not ours: too short, too long, no hexadecimal digits, capital letters, without what binds them to the host.
pub(super) const NEIGHBOURS: [&str; 8] = [
    "__Host-flow-",
    "__Host-flow-0123456",
    "__Host-flow-012345678",
    "__Host-flow-0123456g",
    "__Host-flow-ABCDEF01",
    "__Host-flows-01234567",
    "__Host-sessions",
    "__Host-knowns",
];

/// All changes of a request.
pub(crate) fn changes(of: &Draft) -> Vec<Change> {
    let mut all = vec![Change::Nothing];
    for (place, count) in [
        (Place::Query, of.query.len()),
        (Place::Form, of.form.as_ref().map_or(0, Vec::len)),
        (Place::Cookie, of.cookies.len()),
    ] {
        for at in 0..count {
            all.extend(OF_VALUES.map(|how| Change::Value(place, at, how)));
        }
    }
    for (place, values) in [
        (Place::Query, &of.query[..]),
        (Place::Form, of.form.as_deref().unwrap_or_default()),
    ] {
        for (at, (name, _)) in values.iter().enumerate() {
            let is_here = |(path, other, _): &&(&str, &str, _)| other == name && (path.is_empty() || *path == of.path);
            let lengths = LENGTHS.iter().filter(is_here);
            all.extend(lengths.flat_map(|(.., bytes)| bytes.map(|bytes| Change::Length(place, at, bytes))));
        }
    }
    let fields = of.form.as_deref().unwrap_or_default();
    let typed = TYPED
        .iter()
        .filter(|(name, _)| fields.iter().any(|(field, _)| field == name));
    all.extend(typed.map(|(name, value)| Change::Param(name, value)));
    for (name, value) in OF_HEADERS {
        all.push(Change::Header(name, value));
    }
    all.push(Change::AuthorizationTwice);
    all.extend(["GET", "POST", "PUT", "DELETE", "OPTIONS"].map(Change::Method));
    all.extend(PATHS.map(Change::Path));
    all.extend(PARAMS.map(|(name, value)| Change::Param(name, value)));
    all.extend(["x", "resource"].map(Change::Meaningless));
    // As large as a form may be (core/LIMITS.md), and one byte larger.
    all.extend([65_536, 65_537].map(Change::Bytes));
    all.extend(["/nowhere", "/", "/userinfo"].map(|path| Change::BytesTo(path, 60_000)));
    all.push(Change::BytesTo("/userinfo", 65_537));
    all.push(Change::Neighbours);
    // As many as all logins of a browser, and more than one answer deletes (core/LIMITS.md).
    all.extend([4, 19, 24].map(Change::MadeUp));
    all.extend([Change::Huge, Change::SecretBothWays]);
    all.extend(["web", "cli"].map(Change::OtherClient)); // the public ones: anybody can be them
    // In any case, and with spaces (RFC 9110 section 8.3.1).
    let form = "Application/X-WWW-Form-Urlencoded ;charset=utf-8";
    all.push(Change::Header("content-type", Some(form)));
    if of.path == "/authorize" {
        all.extend([0, 1].map(Change::WayBack));
    }
    all
}

impl Change {
    /// Makes it; `None`: there is nothing to change.
    pub(crate) fn apply(&self, of: &Draft, pool: &Pool) -> Option<Draft> {
        let mut draft = of.clone();
        match self {
            Change::Nothing => {}
            Change::Param(name, value) => {
                let values = draft.form.as_mut().unwrap_or(&mut draft.query);
                values.retain(|(other, _)| other != name);
                values.push(((*name).to_owned(), (*value).to_owned()));
            }
            Change::Meaningless(name) => {
                let values = draft.form.as_mut().unwrap_or(&mut draft.query);
                values.extend(["1", "2"].map(|value| ((*name).to_owned(), value.to_owned())));
            }
            Change::Value(place, at, how) => {
                let values = match place {
                    Place::Query => &mut draft.query,
                    Place::Form => draft.form.as_mut()?,
                    Place::Cookie => &mut draft.cookies,
                };
                how.apply(values, *at, pool)?;
                let is_header = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
                if *place == Place::Cookie && !values.iter().all(|(_, value)| is_header(value)) {
                    return None; // no browser can send it
                }
            }
            Change::Length(place, at, bytes) => {
                let values = match place {
                    Place::Form => draft.form.as_mut()?,
                    _ => &mut draft.query,
                };
                let value = &mut values.get_mut(*at)?.1;
                *value = format!("{}{value}", "a".repeat(bytes.checked_sub(value.len())?));
            }
            Change::WayBack(over) => {
                let uri = draft.query.iter().find(|(name, _)| name == "redirect_uri")?;
                let state = state_for(&uri.1, *over)?;
                draft.query.retain(|(name, _)| name != "state");
                draft.query.push(("state".into(), state));
            }
            Change::Header(name, value) => {
                // What a browser says of the site counts before the origin.
                if *name == "origin" {
                    draft.headers.remove("sec-fetch-site")?;
                }
                let name = HeaderName::from_static(name);
                match value {
                    Some(value) => drop(draft.headers.insert(name, HeaderValue::from_static(value))),
                    None => drop(draft.headers.remove(name)?),
                }
            }
            Change::AuthorizationTwice => {
                let value = draft.headers.get(header::AUTHORIZATION)?.clone();
                draft.headers.append(header::AUTHORIZATION, value);
            }
            Change::Method(method) => {
                draft.method = Method::from_bytes(method.as_bytes()).ok()?;
                if draft.method == of.method {
                    return None;
                }
                if draft.method == Method::GET {
                    draft.query.extend(draft.form.take().unwrap_or_default());
                    draft.headers.remove(header::CONTENT_TYPE);
                }
                if draft.method == Method::POST {
                    draft.form = Some(std::mem::take(&mut draft.query)).filter(|form| !form.is_empty());
                    if draft.form.is_some() {
                        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
                        draft.headers.insert(header::CONTENT_TYPE, form);
                    }
                }
            }
            Change::Path(path) => {
                if of.path == *path {
                    return None;
                }
                draft.path = (*path).to_owned();
            }
            Change::Bytes(bytes) => fill(&mut draft, *bytes)?,
            Change::BytesTo(path, bytes) => {
                draft.path = (*path).to_owned();
                fill(&mut draft, *bytes)?;
            }
            Change::Neighbours => {
                let cookies = NEIGHBOURS.iter().map(|name| ((*name).to_owned(), "v".to_owned()));
                draft.cookies.splice(0..0, cookies);
            }
            Change::MadeUp(count) => {
                let cookies = (0..*count).map(|n| (format!("__Host-flow-{n:08x}"), "v".to_owned()));
                draft.cookies.splice(0..0, cookies);
            }
            Change::Huge => draft.form.as_mut()?.push(("x".into(), "1".repeat(70_000))),
            Change::OtherClient(id) => {
                let form = draft.form.as_mut()?;
                form.iter().find(|(name, _)| name == "grant_type")?;
                let is_other = form.iter().all(|(name, value)| name != "client_id" || value != id);
                draft.headers.remove(header::AUTHORIZATION);
                form.retain(|(name, _)| !matches!(name.as_str(), "client_id" | "client_secret"));
                form.push(("client_id".into(), (*id).to_owned()));
                return is_other.then_some(draft);
            }
            Change::SecretBothWays => {
                draft.headers.get(header::AUTHORIZATION)?;
                draft.form.as_mut()?.push(("client_secret".into(), "guessed".into()));
            }
        }
        Some(draft)
    }
}

/// A `state` with which the way back to a redirect URI is as long as it may be, or longer by so many bytes. A brace takes three
/// bytes there.
fn state_for(redirect_uri: &str, over: usize) -> Option<String> {
    let issuer: usize = byte_serialize(hosts::ISSUER.as_bytes()).map(str::len).sum();
    let around = redirect_uri.len() + usize::from(!redirect_uri.ends_with('?')) + "iss=&state=".len() + issuer;
    let most = Settings::default().get("bytes of a way back") as usize;
    let room = (most + over).checked_sub(around)?;
    Some(format!("{}{}", "{".repeat(room / 3), "a".repeat(room % 3)))
}

/// Adds to a form until the body has so many bytes.
fn fill(draft: &mut Draft, bytes: usize) -> Option<()> {
    draft.form.as_mut()?.push(("x".into(), String::new()));
    let rest = bytes.checked_sub(draft.clone().request()?.body().len())?;
    draft.form.as_mut()?.last_mut()?.1 = "1".repeat(rest);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use http::Request;

    fn draft() -> Draft {
        let request = Request::builder().method("POST").uri("/login/verify");
        let request = request
            .header("cookie", "a=1; b=2")
            .header("content-type", "application/x-www-form-urlencoded");
        let (head, body) = request.body(Bytes::from("flow=f&code=123456")).unwrap().into_parts();
        Draft::of(&head, &body)
    }

    #[test]
    fn a_request_is_put_together_as_it_was() {
        let request = draft().request().unwrap();
        assert_eq!(request.body(), "flow=f&code=123456");
        assert_eq!(request.headers()["cookie"], "a=1; b=2");
    }

    #[test]
    fn lengths_are_exact() {
        let mut of = draft();
        of.form = Some(vec![("address".into(), "ann@example.com".into())]);
        let lengths =
            |change: &Change| matches!(change, Change::Length(..)).then(|| change.apply(&of, &Pool::default()));
        let lengths: Vec<usize> = changes(&of)
            .iter()
            .filter_map(lengths)
            .map(|draft| draft.unwrap().form.unwrap()[0].1.len())
            .collect();
        assert_eq!(lengths, [254, 255]);
    }

    #[test]
    fn every_part_is_changed_in_every_way() {
        let (of, pool) = (draft(), Pool::default());
        pool.learn(&of);
        let all = changes(&of);
        assert_eq!(all, changes(&draft()));
        assert_eq!(
            all.iter().filter(|change| matches!(change, Change::Value(..))).count(),
            4 * OF_VALUES.len()
        );
        let absent = Change::Value(Place::Form, 1, How::Absent).apply(&of, &pool).unwrap();
        assert_eq!(absent.request().unwrap().body(), "flow=f");
        let twice = Change::Value(Place::Cookie, 0, How::Twice).apply(&of, &pool).unwrap();
        assert_eq!(twice.request().unwrap().headers()["cookie"], "a=1; b=2; a=1");
        assert!(
            Change::Value(Place::Form, 0, How::Other).apply(&of, &pool).is_none(),
            "no other is known yet"
        );
        let mut later = of.clone();
        later.form.as_mut().unwrap()[0].1 = "g".into();
        pool.learn(&later);
        let other = Change::Value(Place::Form, 0, How::Other).apply(&of, &pool).unwrap();
        assert_eq!(other.request().unwrap().body(), "flow=g&code=123456");
    }
}
