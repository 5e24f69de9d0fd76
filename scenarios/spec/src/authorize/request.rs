//! What a client asks for, and what is wrong with it.

use crate::{
    secret::{Tag, encoded_bytes},
    seen::Params,
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
pub(super) const PARAMETERS: [&str; 14] = [
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
pub(super) fn fits(world: &World, params: &Params<'_>) -> bool {
    let uri = params.text("redirect_uri").unwrap_or_default();
    let joint = usize::from(!uri.ends_with('?'));
    let iss = "iss=".len() + encoded_bytes(&world.issuer);
    let state = params.secret("state").filter(|_| params.count("state") == 1);
    let state = state.map_or(0, |state| "&state=".len() + state.encoded_bytes());
    (uri.len() + joint + iss + state) as u64 <= world.settings.get("bytes of a way back")
}

pub(super) fn client<'w>(world: &'w World, params: &Params<'_>) -> Option<&'w Client> {
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
pub(super) type Wrong = (&'static str, &'static str, &'static str);

/// Everything that is wrong with a request whose client and redirect URI are known, as codes for the client.
pub(super) fn errors(world: &World, issued: &Issued, client: &Client, params: &Params<'_>) -> Vec<Wrong> {
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
