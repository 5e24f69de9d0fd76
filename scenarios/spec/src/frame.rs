//! What is around every answer: headers, cookies' attributes, the policy of a page; and the public keys.

use crate::{
    exchange::{Answer, SetCookie},
    expect::{Content, CookieRule, Expected},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;
use sha2::{Digest, Sha256};

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

/// Public keys only, each with what a client needs to choose it (RFC 7517 section 4, RFC 7518 section 6.2.1).
pub(crate) fn check_keys(json: &Value) -> Result<(), String> {
    let keys = json["keys"].as_array().filter(|keys| !keys.is_empty());
    let mut names = std::collections::BTreeSet::new();
    for key in keys.ok_or("it has no keys")? {
        let object = key.as_object().ok_or("a key is no object")?;
        let members: Vec<&str> = object.keys().map(String::as_str).collect();
        if members != ["alg", "crv", "kid", "kty", "use", "x", "y"] {
            return Err(format!("a key has the members {members:?}"));
        }
        for (name, value) in [("alg", "ES256"), ("crv", "P-256"), ("kty", "EC"), ("use", "sig")] {
            if key[name] != value {
                return Err(format!("a key has {name} {}", key[name]));
            }
        }
        let name = key["kid"].as_str().ok_or("a key has no name")?;
        if !names.insert(name) {
            return Err("two keys have one name".into());
        }
        let own = name_of(key).ok_or("the coordinates of a key cannot be read")?;
        if name != own {
            return Err(format!("a key is called {name:?} instead of {own:?}"));
        }
    }
    Ok(())
}

/// The name of a key follows from it, so that equal keys have equal names at every replica, and another key another one
/// (core/LIMITS.md, RFC 7517 section 4.5): the first 64 bits of the SHA-256 of its point (SEC 1 section 2.3.3, uncompressed).
fn name_of(key: &Value) -> Option<String> {
    let coordinate = |name: &str| URL_SAFE_NO_PAD.decode(key[name].as_str()?).ok();
    let point = [vec![4], coordinate("x")?, coordinate("y")?].concat();
    let hash = Sha256::digest(point);
    Some(hash[..8].iter().map(|byte| format!("{byte:02x}")).collect())
}
