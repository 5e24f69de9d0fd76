//! What is around every answer: headers, cookies' attributes, the policy of a page.

use crate::{
    exchange::{Answer, SetCookie},
    expect::{Content, CookieRule, Expected},
};

/// The policy of what is no page: nothing may be loaded, and nobody may frame it.
const NO_PAGE: &str = "default-src 'none'; frame-ancestors 'none'";

/// Whether the headers of an answer are those that it must have, and no others.
///
/// # Errors
/// What differs.
pub(crate) fn check_headers(expected: &Expected, answer: &Answer) -> Result<(), String> {
    let header = |name: &str| answer.headers.get(name).map(String::as_str);
    let is = |name: &str, value: &str| match header(name) {
        Some(found) if found == value => Ok(()),
        Some(found) => Err(format!("{name} is {found:?} instead of {value:?}")),
        None => Err(format!("there is no {name}: it must be {value:?}")),
    };
    let reference = header("x-correlation-id").ok_or("it has no correlation ID (inventory 56)")?;
    if reference.len() != 16 || !reference.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(format!("its correlation ID is {reference:?}"));
    }
    is("x-content-type-options", "nosniff")?;
    is("referrer-policy", "no-referrer")?; // RFC 9700 section 4.2.4
    if !expected.headers.contains_key("cache-control") {
        is("cache-control", "no-store")?; // RFC 6749 section 5.1; pages and redirects carry secrets, too
    }
    match &expected.content {
        Content::Page(_) => {
            is("content-type", "text/html; charset=utf-8")?;
            check_policy(header("content-security-policy"))?;
        }
        Content::Redirect { .. } | Content::Nothing => is("content-security-policy", NO_PAGE)?,
        _ => {
            is("content-type", "application/json")?;
            is("content-security-policy", NO_PAGE)?;
        }
    }
    for (name, value) in &expected.headers {
        match value {
            Some(value) => is(name, value)?,
            None => drop(header(name).ok_or(format!("there is no {name}"))?),
        }
    }
    let usual = [
        "x-correlation-id",
        "x-content-type-options",
        "referrer-policy",
        "cache-control",
        "content-type",
        "content-security-policy",
    ];
    let stranger = (answer.headers.keys())
        .find(|name| !usual.contains(&name.as_str()) && !expected.headers.contains_key(name.as_str()));
    match stranger {
        Some(name) => Err(format!("it has a header {name} that nothing asks for")),
        None => Ok(()),
    }
}

/// A page loads nothing from elsewhere, runs no script but its own, and is framed by nobody (RFC 9700 section 4.16). Nothing is
/// said of where its forms lead, for browsers apply that to the client's own redirects as well (CSP level 3 section 6.4.1).
fn check_policy(policy: Option<&str>) -> Result<(), String> {
    let policy = policy.ok_or("it has no Content-Security-Policy")?;
    let directives: Vec<(&str, &str)> = policy
        .split(';')
        .map(|directive| directive.trim().split_once(' ').unwrap_or((directive.trim(), "")))
        .collect();
    for (name, value) in &directives {
        let fits = match *name {
            "default-src" | "frame-ancestors" | "base-uri" => *value == "'none'",
            "style-src" | "script-src" => is_one_hash(value),
            "img-src" => *value == "data:",
            _ => false,
        };
        if !fits {
            return Err(format!("its policy has {name} {value}"));
        }
    }
    for name in ["default-src", "style-src", "script-src", "frame-ancestors", "base-uri"] {
        if directives.iter().filter(|(other, _)| *other == name).count() != 1 {
            return Err(format!("its policy does not have {name} once"));
        }
    }
    Ok(())
}

fn is_one_hash(sources: &str) -> bool {
    let hash = sources
        .strip_prefix("'sha256-")
        .and_then(|rest| rest.strip_suffix('\''));
    hash.is_some_and(|hash| hash.len() == 44 && !hash.contains('\''))
}

/// Only for this host, only over TLS, not for scripts, not with other sites' forms (RFC 6265bis sections 4.1.2 and 4.1.3.2).
pub(crate) fn check_cookie(rule: &CookieRule, cookie: &SetCookie) -> Result<(), String> {
    let mut expected = vec![("httponly", ""), ("path", "/"), ("samesite", "Lax")];
    let max_age = rule.max_age_s.to_string();
    expected.push(("max-age", &max_age));
    if rule.name.starts_with("__Host-") {
        expected.push(("secure", ""));
    }
    for (name, value) in &expected {
        match cookie.attributes.get(*name) {
            None => return Err(format!("the cookie {} has no {name}", rule.name)),
            Some(found) if found != value => {
                return Err(format!(
                    "the cookie {} has {name}={found} instead of {value}",
                    rule.name
                ));
            }
            Some(_) => {}
        }
    }
    let others = cookie.attributes.keys();
    match others
        .into_iter()
        .find(|name| expected.iter().all(|(known, _)| known != name))
    {
        Some(name) => Err(format!("the cookie {} has {name}", rule.name)),
        None => Ok(()),
    }
}
