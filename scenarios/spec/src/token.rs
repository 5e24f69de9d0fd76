//! `/token` (RFC 6749 sections 4.1.3, 5.1 and 5.2; RFC 7636 section 4.6; OpenID Connect Core section 3.1.3).

use crate::{
    allowed::{Allowed, Known, Widened},
    exchange::{Answer, Authorization, Body},
    expect::{Content, Expected},
    form::is_form,
    index::{Code, Index},
    judge::{Judge, Needs, nothing_spent, perhaps_spent},
    messages,
    secret::{Secret, Tag},
    seen::{Done, Seen},
    times::Times,
    token_set::TokenSet,
    world::{Client, World},
};

/// What RFC 6749 sections 2.3.1 and 4.1.3 and RFC 7636 section 4.5 name as parameters of a token request.
const PARAMETERS: [&str; 6] = [
    "grant_type",
    "code",
    "redirect_uri",
    "code_verifier",
    "client_id",
    "client_secret",
];

/// What a client says that it is.
#[derive(Debug, PartialEq)]
enum Credentials<'w> {
    /// This client, proved.
    Client(&'w Client),
    /// None, or a wrong one.
    Refused,
    /// By more than one method (RFC 6749 section 2.3).
    TwoMethods,
}

fn credentials<'w>(world: &'w World, seen: &Seen<'_>) -> Credentials<'w> {
    let params = seen.params();
    let (id, secret) = (params.text("client_id"), params.secret("client_secret"));
    let (id, secret) = match &seen.exchange.request.authorization[..] {
        [] => (id, secret),
        [Authorization::Basic { user, password }] => {
            if secret.is_some() || id.is_some_and(|id| id != user) {
                return Credentials::TwoMethods;
            }
            (Some(user.as_str()), password.clone())
        }
        _ => return Credentials::Refused,
    };
    let client = world.clients.iter().find(|client| Some(client.id.as_str()) == id);
    match client {
        Some(client) if client.secret == secret.map(|secret| secret.tag) => Credentials::Client(client),
        _ => Credentials::Refused,
    }
}

/// Whether a request presents a code with all that binds it: its client, its redirect URI, its verifier.
pub(crate) fn is_rightful(world: &World, code: &Code, seen: &Seen<'_>) -> bool {
    let params = seen.params();
    let Credentials::Client(client) = credentials(world, seen) else {
        return false;
    };
    is_form(seen)
        && !params.has_repeated_of(&PARAMETERS)
        && params.text("grant_type") == Some("authorization_code")
        && client.id == code.wanted.client_id
        && params.text("redirect_uri") == Some(&code.wanted.redirect_uri)
        && proves(params.secret("code_verifier"), code.wanted.challenge)
}

/// Whether a verifier is the one of a challenge; without a challenge there is none, and one that is there all the same is
/// refused (RFC 9700 section 2.1.1).
fn proves(verifier: Option<Secret>, challenge: Option<Tag>) -> bool {
    match (verifier, challenge) {
        (None, None) => true,
        (Some(verifier), Some(challenge)) => verifier.challenge() == Some(challenge),
        _ => false,
    }
}

/// What may be answered.
pub(crate) fn expect(judge: &Judge<'_>, place: usize, seen: &Seen<'_>) -> Allowed {
    let mut allowed = Allowed::default();
    let params = seen.params();
    let invalid = |when, sentence| Expected::error("invalid_request", when, sentence, 400);
    let headers = &seen.exchange.request.authorization;
    allowed.when(Known::certain(headers.len() > 1), || refused_client(true));
    allowed.when(Known::certain(!is_form(seen)), || {
        invalid("no form", "RFC 6749 section 4.1.3: the body is a form")
    });
    allowed.when(Known::certain(judge.is_too_large(seen)), || {
        Expected::error("invalid_request", "too large", "core/LIMITS.md: bytes of a form", 413)
    });
    allowed.when(Known::certain(params.has_repeated_of(&PARAMETERS)), || {
        invalid("repeated", "RFC 6749 section 3.2: no parameter twice")
    });
    allowed.when(Known::certain(params.get("grant_type").is_none()), || {
        invalid("no grant_type", "RFC 6749 section 4.1.3: grant_type is required")
    });
    allowed.when(
        Known::certain(params.text("grant_type") != Some("authorization_code")),
        || Expected::error("unsupported_grant_type", "always", "RFC 6749 section 5.2", 400),
    );
    let credentials = credentials(judge.index.world, seen);
    allowed.when(Known::certain(credentials == Credentials::TwoMethods), || {
        invalid(
            "two methods",
            "RFC 6749 section 2.3: not more than one way of client authentication",
        )
    });
    if headers[..] == [Authorization::Malformed] && params.get("client_secret").is_some() {
        allowed.or(
            Widened::SeveralErrors,
            invalid(
                "two methods",
                "RFC 6749 section 2.3: not more than one way of client authentication",
            ),
        );
    }
    allowed.when(Known::certain(credentials == Credentials::Refused), || {
        refused_client(!headers.is_empty())
    });
    let needs_verifier = matches!(credentials, Credentials::Client(client) if client.is_pkce_required);
    for (name, when, is_required) in [
        ("code", "no code", true),
        ("redirect_uri", "no redirect_uri", true),
        ("code_verifier", "no code_verifier", needs_verifier),
    ] {
        allowed.when(Known::certain(is_required && params.get(name).is_none()), || {
            invalid(
                when,
                "RFC 6749 section 4.1.3, RFC 7636 section 4.5: what is required is there",
            )
        });
    }
    grant(judge, &mut allowed, place, seen);
    let needs = Needs {
        store: true,
        directory: true,
        ..Needs::default()
    };
    judge.or_not_now(&mut allowed, seen, needs, nothing_spent);
    judge.or_not_now(&mut allowed, seen, needs, perhaps_spent);
    allowed
}

/// RFC 6749 section 5.2: 401, and a challenge if the client used the `Authorization` header.
fn refused_client(basic: bool) -> Expected {
    let refused = Expected::error("invalid_client", "always", "RFC 6749 section 5.2", 401);
    match basic {
        true => refused.header("www-authenticate", "Basic realm=\"token\", charset=\"UTF-8\""),
        false => refused,
    }
}

/// Whether it was told that trying again with the same code can help.
fn says_that_nothing_was_spent(seen: &Seen<'_>) -> bool {
    let Some(Body::Json(json)) = seen.answer().map(|answer| &answer.body) else {
        return false;
    };
    json["error_description"] == messages::description("temporarily_unavailable", "nothing was spent")
}

fn grant(judge: &Judge<'_>, allowed: &mut Allowed, place: usize, seen: &Seen<'_>) {
    let refused = || {
        Expected::error(
            "invalid_grant",
            "always",
            "RFC 6749 section 5.2: unknown, expired, spent, or bound to something else",
            400,
        )
    };
    let code = seen
        .params()
        .secret("code")
        .and_then(|code| judge.index.codes.get(&code.tag));
    let Some(code) = code.filter(|code| code.rightful.contains(&place)) else {
        allowed.otherwise(refused);
        return;
    };
    let others: Vec<&Seen<'_>> = (code.rightful.iter().filter(|other| **other != place))
        .map(|other| &judge.index.seen[*other])
        .collect();
    // "The client MUST NOT use the authorization code more than once" (RFC 6749 section 4.1.2): of all who present it, one
    // gets tokens.
    let redeemed = |other: &&Seen<'_>| other.done() == Done::Yes && other.times.may_precede(seen.times);
    allowed.when(Known::certain(others.iter().any(redeemed)), refused);
    let expired = judge.expired(code.born, judge.setting("authorization code"), seen.times);
    let mut gone = expired;
    for other in &others {
        let taken = match other.done() {
            Done::Yes | Done::No => Known::No, // judged above; who was refused has not taken it
            // It was put back before that was said; meanwhile whoever else presents it cannot find it.
            Done::Maybe if says_that_nothing_was_spent(other) && other.times.is_before(seen.times) => Known::No,
            Done::Maybe => judge.precedes(other, seen),
        };
        gone = if gone == Known::No { taken } else { gone };
    }
    if gone == Known::No {
        gone = judge.forgotten(code.born, seen.times);
    }
    allowed.when(gone, refused);
    // core/LIMITS.md, "Sessions": nothing that was issued in a session outlives a sign-out.
    allowed.when(judge.was_signed_out(code.session, seen), refused);
    allowed.otherwise(|| tokens(judge, seen, code));
}

/// The client that the log names of a refusal: the one that the request names, if there is one of that name, once the service
/// has looked for it, which it does after all that can be seen from the request alone.
pub(crate) fn blamed<'j>(judge: &'j Judge<'_>, seen: &Seen<'_>, answer: &Answer) -> Option<&'j str> {
    let Body::Json(json) = &answer.body else { return None };
    let before = ["no form", "too large", "repeated", "no grant_type", "two methods"];
    let description = json["error_description"].as_str().unwrap_or_default();
    let is_before = before
        .iter()
        .any(|when| messages::description("invalid_request", when) == description);
    if is_before || json["error"] == "unsupported_grant_type" {
        return None;
    }
    let params = seen.params();
    let id = match &seen.exchange.request.authorization[..] {
        [] => params.text("client_id"),
        [Authorization::Basic { user, .. }] => Some(user.as_str()),
        _ => None,
    };
    let mut clients = judge.index.world.clients.iter().map(|client| client.id.as_str());
    clients.find(|client| Some(*client) == id)
}

/// Why a code may have been refused, as the log names it (core/MESSAGES.md).
pub(crate) fn reasons(judge: &Judge<'_>, place: usize, seen: &Seen<'_>) -> Vec<&'static str> {
    const GONE: &str = "invalid_grant: no such code";
    let params = seen.params();
    let code = params.secret("code").and_then(|code| judge.index.codes.get(&code.tag));
    let (Some(code), Credentials::Client(client)) = (code, credentials(judge.index.world, seen)) else {
        return vec![GONE];
    };
    let wanted = &code.wanted;
    let verifier = params.secret("code_verifier");
    let not_proved = match (&verifier, wanted.challenge) {
        (None, Some(_)) => "invalid_grant: no verifier",
        (Some(_), None) => "invalid_grant: a verifier without a challenge",
        _ => "invalid_grant: wrong verifier",
    };
    let mismatches = [
        (client.id != wanted.client_id, "invalid_grant: another client's"),
        (
            params.text("redirect_uri") != Some(&wanted.redirect_uri),
            "invalid_grant: another redirect URI",
        ),
        (!proves(verifier, wanted.challenge), not_proved),
    ];
    let mismatches = mismatches.into_iter().filter(|(holds, _)| *holds);
    let mut reasons: Vec<&'static str> = mismatches.map(|(_, reason)| reason).collect();
    let rival = |other: &&usize| **other != place && judge.index.seen[**other].effect().may_precede(seen.times);
    let rivals: Vec<&Seen<'_>> = (code.rightful.iter().filter(rival))
        .map(|other| &judge.index.seen[*other])
        .collect();
    let expires = judge.expired(code.born, judge.setting("authorization code"), seen.times);
    let expired = expires != Known::No;
    // As long as the token that was issued for it lives, a code is known to be spent, and to whom it belongs.
    let is_spent = rivals.iter().any(|other| judge.precedes(other, seen) == Known::Yes)
        && judge.expired(code.born, judge.setting("access token"), seen.times) == Known::No;
    if !is_spent && (expired || !rivals.is_empty() || judge.store_forgot(code.born, seen.times)) {
        reasons.push(GONE);
    }
    if reasons.iter().all(|reason| *reason == GONE) {
        if !rivals.is_empty() {
            reasons.push("invalid_grant: in the spent ledger");
        }
        if is_spent {
            return reasons;
        }
        if expired {
            reasons.push("invalid_grant: expired");
        }
        if judge.was_signed_out(code.session, seen) != Known::No {
            reasons.push("invalid_grant: signed out");
        }
        // Whoever found it and could not take it knows no other reason.
        let is_gone_now = judge.troubles.forgets_within(code.born, seen.times) || matches!(expires, Known::Maybe(_));
        if is_gone_now || rivals.iter().any(|other| !other.effect().is_before(seen.times)) {
            reasons.push("invalid_grant: taken by another request");
        }
    }
    reasons
}

fn tokens(judge: &Judge<'_>, seen: &Seen<'_>, code: &Code) -> Expected {
    let index: &Index<'_> = &judge.index;
    let world = index.world;
    let session = code.session.and_then(|cookie| index.sessions.get(&cookie));
    let mut clients = world.clients.iter();
    let client = clients.find(|client| client.id == code.wanted.client_id);
    let clocks = judge.clocks_ms(seen.times);
    let ahead_ms = judge.troubles.ahead_ms(seen.times.to_ms);
    let unix = |times: Times| times.later(world.epoch_ms).give_or_take(clocks);
    let rule = TokenSet {
        issuer: world.issuer.clone(),
        client_id: code.wanted.client_id.clone(),
        people: session.map_or(vec![], |session| judge.people_of(session)),
        scope: code.wanted.scope.clone(),
        nonce: code.wanted.nonce,
        authenticated: unix(session.map_or(seen.times, |session| judge.authenticated(session))),
        issued: Times {
            // core/LIMITS.md, "Clocks": no client gets a token from the future because the clock of Redis is ahead.
            to_ms: unix(seen.times).to_ms.min(seen.times.to_ms + world.epoch_ms + ahead_ms),
            ..unix(seen.times)
        },
        access_ms: judge.setting("access token"),
        id_ms: judge.setting("ID token"),
        algorithm: client.map_or_else(String::new, |client| client.id_token_alg.clone()),
        keys: index.keys.clone(),
    };
    Expected::of(
        "tokens",
        "RFC 6749 section 5.1, OpenID Connect Core section 3.1.3.3",
        200,
        Content::Tokens(Box::new(rule)),
    )
    .header("pragma", "no-cache")
}
