//! `/userinfo` (OpenID Connect Core section 5.3, RFC 6750).

use crate::{
    allowed::{Allowed, Known, Widened},
    exchange::{Authorization, Body},
    expect::{Content, Expected},
    form::is_form,
    index::{Code, Token},
    judge::{Judge, Needs, json_not_now},
    seen::{Done, Seen},
    token_set::granted,
};
use serde_json::Value;

/// What may be answered.
pub(crate) fn expect(judge: &Judge<'_>, seen: &Seen<'_>) -> Allowed {
    let mut allowed = Allowed::default();
    let index = &judge.index;
    let headers = &seen.exchange.request.authorization[..];
    // A body that is a form may have the token (RFC 6750 section 2.2); any other body says nothing.
    let has_form = seen.exchange.request.method == "POST" && is_form(seen);
    let params = seen.params();
    let in_form = params.secret("access_token").filter(|_| has_form);
    let malformed = |status| {
        Expected::bare_error(
            "invalid_request",
            "RFC 6750 sections 2 and 3.1: the token once, in one way; core/LIMITS.md: bytes of a form",
            status,
        )
        .header("www-authenticate", "Bearer error=\"invalid_request\"")
    };
    if has_form {
        allowed.when(Known::certain(judge.is_too_large(seen)), || malformed(413));
        let is_repeated = params.count("access_token") > 1 || (in_form.is_some() && headers.len() == 1);
        allowed.when(Known::certain(headers.len() < 2 && is_repeated), || malformed(400));
    }
    if allowed.is_closed() {
        return allowed;
    }
    let token = match (headers, in_form) {
        ([Authorization::Bearer(token)], _) => index.tokens.get(&token.tag),
        ([], Some(token)) => index.tokens.get(&token.tag),
        ([] | [_], _) if !has_bearer(seen) => {
            allowed.otherwise(|| {
                Expected::bare_error("missing_token", "RFC 6750 section 3.1: a challenge without a code", 401)
                    .header("www-authenticate", "Bearer")
            });
            return allowed;
        }
        _ => None,
    };
    let invalid = || {
        Expected::bare_error("invalid_token", "RFC 6750 section 3.1", 401)
            .header("www-authenticate", "Bearer error=\"invalid_token\"")
    };
    match token {
        None => allowed.otherwise(invalid),
        Some(token) => {
            allowed.when(
                judge.expired(token.born, judge.setting("access token"), seen.times),
                invalid,
            );
            let code = index.codes.get(&token.code);
            allowed.when(
                code.map_or(Known::No, |code| revoked(judge, seen, token, code)),
                invalid,
            );
            // core/LIMITS.md, "Sessions": nothing that was issued in a session outlives a sign-out.
            let session = code.and_then(|code| code.session);
            allowed.when(judge.was_signed_out(session, seen), invalid);
            let session = session.and_then(|session| index.sessions.get(&session));
            let people = session.map_or(vec![], |session| judge.people_of(session));
            let scope = code.map_or("", |code| &code.wanted.scope);
            for person in people.iter().skip(1) {
                let claims = Value::Object(granted(person, scope));
                allowed.or(Widened::Race, who(claims));
            }
            let claims = people.first().map(|person| granted(person, scope)).unwrap_or_default();
            allowed.otherwise(|| who(Value::Object(claims)));
        }
    }
    let needs = Needs {
        directory: true,
        ..Needs::default()
    };
    judge.or_not_now(&mut allowed, seen, needs, json_not_now);
    allowed
}

/// RFC 6749 section 4.1.2: when a code is used again, what was issued for it is revoked. Once the service has denied a
/// presentation that came after the one that got the token, by somebody who had all that binds the code, the token is dead. Of
/// presentations at once, and of those that were not answered so, it cannot be known; of those without something that binds the
/// code it can: they revoke nothing.
fn revoked(judge: &Judge<'_>, seen: &Seen<'_>, token: &Token, code: &Code) -> Known {
    let others = code.rightful.iter().filter(|place| **place != token.issued);
    let others: Vec<&Seen<'_>> = others.map(|place| &judge.index.seen[*place]).collect();
    let after = |other: &&Seen<'_>| token.born.is_before(other.times) && other.times.is_before(seen.times);
    let certain = others.iter().any(|other| after(other) && is_denied(other));
    let mut possible = others.iter().filter(|other| !seen.times.is_before(other.effect()));
    let why = match others.iter().any(|other| other.done() == Done::Maybe) {
        true => Widened::InDoubt,
        false => Widened::Race,
    };
    Known::of(certain, possible.next().is_some(), why)
}

/// Whether the service has said that a code is not valid.
fn is_denied(presented: &Seen<'_>) -> bool {
    let answer = presented.answer().filter(|answer| answer.status == 400);
    answer.is_some_and(|answer| matches!(&answer.body, Body::Json(json) if json["error"] == "invalid_grant"))
}

fn has_bearer(seen: &Seen<'_>) -> bool {
    let headers = seen.exchange.request.authorization.iter();
    headers
        .into_iter()
        .any(|header| matches!(header, Authorization::Bearer(_)))
}

fn who(claims: Value) -> Expected {
    Expected::of(
        "who it is",
        "OpenID Connect Core sections 5.3.2 and 5.4: what the scope grants, and no more",
        200,
        Content::Json(claims),
    )
}
