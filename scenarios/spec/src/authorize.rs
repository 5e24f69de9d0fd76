//! `/authorize` (RFC 6749 section 4.1.1, OpenID Connect Core section 3.1.2), and the way back to the client.

use crate::{
    allowed::{Allowed, Known, Widened},
    exchange::Word,
    expect::{Expected, Rule},
    form::malformed,
    index::{Flow, Session},
    judge::{Judge, Needs, page_not_now},
    messages, pages,
    secret::{Tag, encoded_bytes},
    seen::{Params, Seen},
    world::{Client, World},
};
use std::collections::BTreeMap;

/// What a client asked for, in a request that is as it should be.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Wanted {
    pub(crate) client_id: String,
    pub(crate) redirect_uri: String,
    pub(crate) scope: String,
    pub(crate) state: Option<Tag>,
    pub(crate) nonce: Option<Tag>,
    /// `None`: the client uses no PKCE.
    pub(crate) challenge: Option<Tag>,
    pub(crate) prompt: Prompt,
    pub(crate) max_age_s: Option<u64>,
    /// The `sub` of the ID token that the client gave as a hint.
    pub(crate) subject: Option<String>,
    /// Whether a session from before is an answer only once the person has said so.
    pub(crate) needs_consent: bool,
}

/// The ID tokens that the service has issued.
pub(crate) type Issued = BTreeMap<Tag, About>;

/// What an ID token says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct About {
    pub(crate) subject: String,
    pub(crate) client_id: String,
}

/// What the service's documents name as parameters of an authorization request.
const PARAMETERS: [&str; 14] = [
    "response_type",
    "response_mode",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "prompt",
    "max_age",
    "id_token_hint",
    "request",
    "request_uri",
];

/// How the person may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Prompt {
    IfNecessary,
    Never,
    Always,
}

/// Scopes that are granted, in the order in which they are said; all others are ignored (OpenID Connect Core section
/// 3.1.2.1).
const SCOPES: [&str; 4] = ["openid", "profile", "email", "groups"];

impl Wanted {
    /// Reads a request; `None`: it is not as it should be.
    pub(crate) fn read(world: &World, issued: &Issued, params: &Params<'_>) -> Option<Wanted> {
        let client = client(world, params)?;
        let redirect_uri = params
            .text("redirect_uri")
            .filter(|uri| client.may_be_answered_at(uri))?;
        errors(world, issued, client, params).is_empty().then_some(())?;
        let asked = params.text("scope").unwrap_or_default();
        let granted: Vec<&str> = SCOPES
            .into_iter()
            .filter(|scope| asked.split(' ').any(|s| s == *scope))
            .collect();
        Some(Wanted {
            client_id: client.id.clone(),
            redirect_uri: redirect_uri.to_owned(),
            scope: granted.join(" "),
            state: params.secret("state").map(|state| state.tag),
            nonce: params.secret("nonce").map(|nonce| nonce.tag),
            challenge: params.secret("code_challenge").map(|challenge| challenge.tag),
            prompt: prompt(params)?,
            needs_consent: asks_for_consent(params) || client.may_be_impersonated_at(redirect_uri),
            max_age_s: params.text("max_age").and_then(|text| text.parse().ok()),
            subject: hint(issued, params).flatten().map(|about| about.subject.clone()),
        })
    }
}

/// Whether the way back is as short as core/LIMITS.md says: the redirect URI with `state` and `iss`, as they are written. If
/// not, no answer has the `state`.
fn fits(world: &World, params: &Params<'_>) -> bool {
    let uri = params.text("redirect_uri").unwrap_or_default();
    let joint = usize::from(!uri.ends_with('?'));
    let iss = "iss=".len() + encoded_bytes(&world.issuer);
    let state = params.secret("state").filter(|_| params.count("state") == 1);
    let state = state.map_or(0, |state| "&state=".len() + state.encoded_bytes());
    (uri.len() + joint + iss + state) as u64 <= world.settings.get("bytes of a way back")
}

fn client<'w>(world: &'w World, params: &Params<'_>) -> Option<&'w Client> {
    let id = params.text("client_id")?;
    world.clients.iter().find(|client| client.id == id)
}

/// Whom `id_token_hint` names; `None`: the service has issued no such ID token.
pub(crate) fn hint<'i>(issued: &'i Issued, params: &Params<'_>) -> Option<Option<&'i About>> {
    match params.secret("id_token_hint") {
        None => Some(None),
        Some(hint) => issued.get(&hint.tag).map(Some),
    }
}

fn asks_for_consent(params: &Params<'_>) -> bool {
    let prompt = params.text("prompt").unwrap_or_default();
    prompt.split(' ').any(|value| value == "consent")
}

/// OpenID Connect Core section 3.1.2.1: `none` stands alone. Logging in is the only way to choose an account.
fn prompt(params: &Params<'_>) -> Option<Prompt> {
    let values: Vec<&str> = params
        .text("prompt")
        .unwrap_or_default()
        .split(' ')
        .filter(|v| !v.is_empty())
        .collect();
    let mut prompt = Prompt::IfNecessary;
    for value in &values {
        match *value {
            "none" if values.len() == 1 => prompt = Prompt::Never,
            "login" | "select_account" => prompt = Prompt::Always,
            "consent" => {}
            _ => return None,
        }
    }
    Some(prompt)
}

/// What is wrong with a request: the code for the client, the occasion, as core/MESSAGES.md names it, and the sentence.
type Wrong = (&'static str, &'static str, &'static str);

/// Everything that is wrong with a request whose client and redirect URI are known, as codes for the client.
fn errors(world: &World, issued: &Issued, client: &Client, params: &Params<'_>) -> Vec<Wrong> {
    let opaque_max = world.settings.get("bytes of state or nonce") as usize;
    let too_long = |name| params.secret(name).is_some_and(|value| value.bytes > opaque_max);
    let is_way_back_too_long = !fits(world, params);
    let scopes = params.text("scope").unwrap_or_default();
    let challenge = params.secret("code_challenge");
    // A client that may leave it out leaves all of it out.
    let uses_pkce = client.is_pkce_required || challenge.is_some() || params.get("code_challenge_method").is_some();
    let is_s256 = challenge.is_some_and(|challenge| challenge.is_token());
    let max_age = params.text("max_age").is_none_or(|text| text.parse::<u64>().is_ok());
    let rules = [
        (
            params.has_repeated_of(&PARAMETERS),
            "invalid_request",
            "repeated",
            "RFC 6749 section 3.1: no parameter twice",
        ),
        (
            params.get("request").is_some(),
            "request_not_supported",
            "always",
            "OpenID Connect Core section 3.1.2.6",
        ),
        (
            params.get("request_uri").is_some(),
            "request_uri_not_supported",
            "always",
            "OpenID Connect Core section 3.1.2.6",
        ),
        (
            params.get("response_type").is_none(),
            "invalid_request",
            "no response_type",
            "RFC 6749 section 4.1.1: response_type is required",
        ),
        (
            params.text("response_type").is_some_and(|kind| kind != "code"),
            "unsupported_response_type",
            "always",
            "RFC 6749 section 4.1.2.1",
        ),
        (
            params.get("response_mode").is_some() && params.text("response_mode") != Some("query"),
            "invalid_request",
            "response_mode",
            "OAuth 2.0 Multiple Response Type Encoding Practices section 2.1; only query is supported",
        ),
        (
            !scopes.split(' ').any(|scope| scope == "openid"),
            "invalid_scope",
            "always",
            "OpenID Connect Core section 3.1.2.1: scope contains openid",
        ),
        (
            uses_pkce && !is_s256,
            "invalid_request",
            "no code_challenge",
            "RFC 7636 section 4.4.1, RFC 9700 section 2.1.1: of public clients a challenge is required",
        ),
        (
            uses_pkce && params.text("code_challenge_method") != Some("S256"),
            "invalid_request",
            "code_challenge_method",
            "RFC 9700 section 2.1.1: S256, and without a method it would be plain",
        ),
        (
            too_long("state") || is_way_back_too_long,
            "invalid_request",
            "state",
            "core/LIMITS.md: bytes of state or nonce, bytes of a way back",
        ),
        (
            too_long("nonce"),
            "invalid_request",
            "nonce",
            "core/LIMITS.md: bytes of state or nonce",
        ),
        (
            hint(issued, params).is_none(),
            "invalid_request",
            "id_token_hint",
            "OpenID Connect Core section 3.1.2.1: id_token_hint is an ID token of this service",
        ),
        (
            prompt(params).is_none(),
            "invalid_request",
            "prompt",
            "OpenID Connect Core section 3.1.2.1: prompt",
        ),
        (
            !max_age,
            "invalid_request",
            "max_age",
            "OpenID Connect Core section 3.1.2.1: max_age is a number",
        ),
    ];
    rules
        .into_iter()
        .filter(|(holds, ..)| *holds)
        .map(|(_, code, when, sentence)| (code, when, sentence))
        .collect()
}

/// What may be answered.
pub(crate) fn expect(judge: &Judge<'_>, seen: &Seen<'_>) -> Allowed {
    let mut allowed = Allowed::default();
    let (params, world) = (seen.params(), judge.index.world);
    if seen.exchange.request.method == "POST" {
        judge.form(&mut allowed, seen);
    }
    refused_here(&mut allowed, world, &params);
    if allowed.is_closed() {
        judge.or_not_now(
            &mut allowed,
            seen,
            Needs {
                directory: true,
                ..Needs::default()
            },
            page_not_now,
        );
        return allowed;
    }
    let redirect_uri = params.text("redirect_uri").unwrap_or_default();
    let issued = &judge.index.id_tokens;
    let errors = client(world, &params).map_or(vec![], |client| errors(world, issued, client, &params));
    let to_client = |wrong| error_to_client(world, &params, redirect_uri, wrong);
    let store = match (errors.first(), Wanted::read(world, issued, &params)) {
        (Some(wrong), _) => {
            for another in &errors[1..] {
                allowed.or(Widened::SeveralErrors, to_client(*another));
            }
            allowed.otherwise(|| to_client(*wrong));
            false
        }
        (None, Some(wanted)) => {
            let (live, session) = judge.session(seen);
            let enough = live.and(session.map_or(Known::No, |session| satisfies(judge, seen, session, &wanted)));
            match (wanted.needs_consent, wanted.prompt) {
                (false, _) => allowed.when(enough, || back(world, &wanted)),
                (true, Prompt::Never) => allowed.when(enough, || {
                    to_client(("consent_required", "always", "OpenID Connect Core section 3.1.2.6"))
                }),
                (true, _) => allowed.when(enough, || begins(judge, seen, "/login/consent")),
            }
            if wanted.prompt == Prompt::Never {
                allowed.otherwise(|| to_client(("login_required", "always", "OpenID Connect Core section 3.1.2.6")));
            } else {
                allowed.otherwise(|| begins(judge, seen, "/login"));
            }
            true
        }
        (None, None) => unreachable!("a request without errors can be read"),
    };
    judge.or_not_now(
        &mut allowed,
        seen,
        Needs {
            directory: true,
            store,
            ..Needs::default()
        },
        page_not_now,
    );
    allowed
}

/// Until client and redirect URI are known to belong together, nothing is sent anywhere (RFC 6749 section 4.1.2.1, RFC 9700
/// section 4.11).
fn refused_here(allowed: &mut Allowed, world: &World, params: &Params<'_>) {
    let twice = |name| Known::certain(params.count(name) > 1);
    if params.count("client_id") > 1 && params.count("redirect_uri") > 1 {
        // Which of the two is named is nobody's concern.
        allowed.or(
            Widened::SeveralErrors,
            malformed("redirect_uri was given more than once"),
        );
    }
    allowed.when(twice("client_id"), || malformed("client_id was given more than once"));
    allowed.when(twice("redirect_uri"), || {
        malformed("redirect_uri was given more than once")
    });
    let client = client(world, params);
    allowed.when(Known::certain(client.is_none()), || {
        Expected::error_page(
            "unknown-client",
            "RFC 6749 section 4.1.2.1: no redirect for an unknown client",
            400,
        )
    });
    let uri = params.text("redirect_uri");
    let registered = client.is_some_and(|client| uri.is_some_and(|uri| client.may_be_answered_at(uri)));
    allowed.when(Known::certain(!registered), || {
        Expected::error_page(
            "redirect-uri",
            "RFC 9700 section 2.1: redirect URIs are compared exactly",
            400,
        )
    });
}

/// Whether a live session answers the request.
fn satisfies(judge: &Judge<'_>, seen: &Seen<'_>, session: &Session, wanted: &Wanted) -> Known {
    if wanted.prompt == Prompt::Always {
        return Known::No;
    }
    let young = match wanted.max_age_s {
        None => Known::Yes,
        // Older than max_age, in milliseconds: at the very moment it is not.
        Some(s) => judge
            .expired(
                judge.authenticated(session),
                s.saturating_mul(1000).saturating_add(1),
                seen.times,
            )
            .negated(),
    };
    young.and(is_about(judge, session, wanted))
}

/// Whether a session is of the person whom the client asks for (OpenID Connect Core section 3.1.2.1, `id_token_hint`).
fn is_about(judge: &Judge<'_>, session: &Session, wanted: &Wanted) -> Known {
    let Some(subject) = &wanted.subject else {
        return Known::Yes;
    };
    let people = judge.people_of(session);
    let theirs = people.iter().filter(|person| person.id == *subject).count();
    Known::of(theirs > 0 && theirs == people.len(), theirs > 0, Widened::WhoseMail)
}

fn error_to_client(world: &World, params: &Params<'_>, redirect_uri: &str, wrong: Wrong) -> Expected {
    let state = params.secret("state");
    let state = state.filter(|_| params.count("state") == 1 && fits(world, params));
    refusal(world, redirect_uri, state.map(|state| state.tag), wrong)
}

fn refusal(world: &World, redirect_uri: &str, state: Option<Tag>, (code, when, sentence): Wrong) -> Expected {
    let text = messages::description(code, when);
    let mut answer = vec![
        ("error", Rule::Is(Word::Clear(code.to_owned()))),
        ("error_description", Rule::Is(Word::Clear(text.to_owned()))),
        ("iss", Rule::Is(Word::Clear(world.issuer.clone()))), // RFC 9207 section 2
    ];
    answer.extend(state.map(|state| ("state", Rule::Tag(state))));
    Expected::redirect(code, sentence, redirect_uri, answer)
}

/// Back to the client, with a code.
pub(crate) fn back(world: &World, wanted: &Wanted) -> Expected {
    let mut answer = vec![
        ("code", Rule::New),
        ("iss", Rule::Is(Word::Clear(world.issuer.clone()))),
    ];
    answer.extend(wanted.state.map(|state| ("state", Rule::Tag(state))));
    Expected::redirect(
        "back to the client with a code",
        "RFC 6749 section 4.1.2, RFC 9207 section 2",
        &wanted.redirect_uri,
        answer,
    )
}

/// To the login page. A browser keeps the cookie that it has, so that logins in several tabs do not disturb each other.
fn begins(judge: &Judge<'_>, seen: &Seen<'_>, page: &'static str) -> Expected {
    let name = judge.index.browser_cookie();
    let value = match seen.cookie(&name) {
        Some(cookie) if cookie.is_token() => Rule::Tag(cookie.tag),
        _ => Rule::New,
    };
    Expected::redirect(
        "a login begins",
        "OpenID Connect Core section 3.1.2.3, RFC 8252 section 8.6; inventory 9: it is bound to the browser",
        page,
        vec![("flow", Rule::New)],
    )
    .cookie(name, Some(value), judge.setting("browser cookie"))
}

/// `/login/continue`: the login is over, or the person has yet to log in.
pub(crate) fn expect_continue(judge: &Judge<'_>, seen: &Seen<'_>) -> Allowed {
    let mut allowed = Allowed::default();
    if let Some(flow) = judge.flow(&mut allowed, seen) {
        let (live, session) = judge.session(seen);
        let id = seen.flow;
        let wants_fresh = flow.wanted.prompt == Prompt::Always || flow.wanted.max_age_s.is_some();
        let here = session.is_some_and(|session| Some(session.flow) == id);
        let about = session.map_or(Known::No, |session| is_about(judge, session, &flow.wanted));
        // OpenID Connect Core section 3.1.2.1: with prompt=login a session from before is not enough, and whoever logged in is
        // the one whom the client asked for.
        let enough = live.and(about).and(Known::certain(!wants_fresh || here));
        let said = match flow.wanted.needs_consent && !here {
            true => consented(judge, seen, flow),
            false => Known::Yes,
        };
        allowed.when(enough.and(said), || back(judge.index.world, &flow.wanted));
        allowed.when(enough.and(said.negated()), || to_page(id, "/login/consent"));
        let another = live.and(about.negated()).and(Known::certain(here));
        allowed.when(another, || {
            let code = "login_required";
            let sentence = "OpenID Connect Core section 3.1.2.1: another person than id_token_hint names has logged in";
            refusal(
                judge.index.world,
                &flow.wanted.redirect_uri,
                flow.wanted.state,
                (code, "always", sentence),
            )
        });
        allowed.otherwise(|| to_page(id, "/login"));
    }
    let needs = Needs {
        store: true,
        directory: true,
        ..Needs::default()
    };
    judge.or_not_now(&mut allowed, seen, needs, page_not_now);
    allowed
}

fn to_page(flow: Option<Tag>, page: &'static str) -> Expected {
    let flow = flow.map(|id| ("flow", Rule::Tag(id)));
    let (label, sentence) = match page {
        "/login" => (
            "to the login page",
            "OpenID Connect Core section 3.1.2.3: nobody is logged in, or not in this login",
        ),
        "/login/consent" => (
            "to the page that asks",
            "RFC 8252 section 8.6, OpenID Connect Core section 3.1.2.1: the person has not said it yet",
        ),
        _ => ("on the way back", "RFC 8252 section 8.6: the person has said it"),
    };
    Expected::redirect(label, sentence, page, flow.into_iter().collect())
}

/// Whether the person of this session has said, in this login, that they want to go on.
fn consented(judge: &Judge<'_>, seen: &Seen<'_>, flow: &Flow) -> Known {
    let name = judge.index.session_cookie();
    let own = seen.cookie(&name).map(|cookie| cookie.tag);
    let given = flow.consents.iter().map(|place| &judge.index.seen[*place]);
    let mut said = Known::No;
    for other in given {
        // Each says it for its own session alone, and takes the place of what was said before.
        let is_own = other.cookie(&name).map(|cookie| cookie.tag) == own;
        let before = judge
            .precedes(other, seen)
            .and(judge.forgotten(other.times, seen.times).negated());
        said = match (before, is_own) {
            (Known::No, _) => said,
            (Known::Yes, true) => Known::Yes,
            (Known::Yes, false) => Known::No,
            (Known::Maybe(why), is_own) if (said == Known::Yes) != is_own => Known::Maybe(why),
            (Known::Maybe(_), _) => said,
        };
    }
    said
}

/// `GET /login/consent`.
pub(crate) fn expect_consent_page(judge: &Judge<'_>, seen: &Seen<'_>) -> Allowed {
    let mut allowed = Allowed::default();
    if let Some(flow) = judge.flow(&mut allowed, seen) {
        let (live, session) = judge.session(seen);
        let people = session.map_or(vec![], |session| judge.people_of(session));
        for person in people.iter().skip(1) {
            allowed.or(Widened::WhoseMail, pages::consent(judge, seen, flow, person));
        }
        if let Some(person) = people.first() {
            allowed.when(live, || pages::consent(judge, seen, flow, person));
        }
        allowed.otherwise(|| to_page(seen.flow, "/login"));
    }
    judge.or_not_now(&mut allowed, seen, BOTH, page_not_now);
    allowed
}

/// `POST /login/consent`.
pub(crate) fn expect_consented(judge: &Judge<'_>, seen: &Seen<'_>) -> Allowed {
    let mut allowed = Allowed::default();
    judge.own_form(&mut allowed, seen);
    if !allowed.is_closed() && judge.flow(&mut allowed, seen).is_some() {
        let (live, _) = judge.session(seen);
        allowed.when(live, || to_page(seen.flow, "/login/continue"));
        allowed.otherwise(|| to_page(seen.flow, "/login"));
    }
    judge.or_not_now(&mut allowed, seen, BOTH, page_not_now);
    allowed
}

const BOTH: Needs = Needs {
    store: true,
    directory: true,
    mail: false,
};
