//! Refusals that relying parties see: redirects and JSON.

use super::{Logged, RETRY_AFTER_S, person};
use crate::{
    flow::{App, redeem::TokenError, userinfo::BearerError},
    http::respond,
    model::{authorize::AuthorizeError, code::GrantRefused, params},
};
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use serde_json::json;

/// Error codes: RFC 6749 section 4.1.2.1, OpenID Connect Core section 3.1.2.6. The `iss` of RFC 9207
/// goes into refusals, too.
pub(super) fn to_client(
    app: &App,
    redirect_uri: &str,
    state: Option<&str>,
    error: &AuthorizeError,
    request: &Logged<'_>,
) -> Response {
    use AuthorizeError as E;
    let (code, description) = match error {
        E::Repeated(_) => ("invalid_request", "a parameter was given more than once"),
        E::NoResponseType => ("invalid_request", "response_type is missing"),
        E::ResponseType => ("unsupported_response_type", "response_type must be code"),
        E::ResponseMode => ("invalid_request", "response_mode must be query"),
        E::Scope => ("invalid_scope", "scope must contain openid"),
        E::Challenge => ("invalid_request", "a PKCE code_challenge is required"),
        E::ChallengeMethod => ("invalid_request", "code_challenge_method must be S256"),
        E::Prompt => ("invalid_request", "prompt is not supported"),
        E::MaxAge => ("invalid_request", "max_age must be a number of seconds"),
        E::TooLong => ("invalid_request", "state or nonce is too long"),
        E::RequestObject => ("request_not_supported", "request objects are not supported"),
        E::RequestUri => ("request_uri_not_supported", "request_uri is not supported"),
        E::LoginRequired => ("login_required", "the person has to log in"),
    };
    let mut answer = vec![("error", code), ("error_description", description)];
    answer.extend(state.map(|state| ("state", state)));
    answer.push(("iss", &app.config.issuer));
    match respond::see_other(&params::append(redirect_uri, &answer)) {
        Ok(response) => {
            request.refused(code, StatusCode::SEE_OTHER, None);
            response
        }
        Err(refusal) => person::page(app, refusal, request),
    }
}

/// Error codes: RFC 6749 section 5.2. It has none for "not now", so that of section 4.1.2.1 is used.
pub(super) fn token(error: &TokenError, request: &Logged<'_>) -> Response {
    use TokenError as E;
    let (status, code, description) = match error {
        E::Malformed(what) => (400, "invalid_request", *what),
        E::TooLarge => (413, "invalid_request", "the request is too large"),
        E::Client { .. } => (401, "invalid_client", "client authentication failed"),
        E::GrantType => (400, "unsupported_grant_type", "grant_type must be authorization_code"),
        E::Grant(_) => (400, "invalid_grant", "the code is not valid here and now"),
        E::Trouble(trouble) if trouble.failure.is_unknown() => (
            503,
            "temporarily_unavailable",
            "the code may be spent or not; start again with a new one",
        ),
        E::Trouble(_) => (503, "temporarily_unavailable", "try again in a moment"),
    };
    let status = StatusCode::from_u16(status).expect("each of the above is a status");
    let reason = match error {
        E::Grant(refused) => grant_reason(*refused),
        _ => code,
    };
    let trouble = match error {
        E::Trouble(trouble) => Some(trouble),
        _ => None,
    };
    request.refused(reason, status, trouble);
    let body = json!({ "error": code, "error_description": description, "correlation_id": request.correlation });
    let mut response = respond::json(status, &body);
    if matches!(error, E::Client { basic: true }) {
        let challenge = HeaderValue::from_static("Basic realm=\"token\", charset=\"UTF-8\"");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    respond::retry_after(response, trouble.map(|_| RETRY_AFTER_S))
}

/// For the log; the client is told no more than `invalid_grant`.
fn grant_reason(refused: GrantRefused) -> &'static str {
    match refused {
        GrantRefused::Unknown => "invalid_grant: no such code",
        GrantRefused::Expired => "invalid_grant: expired",
        GrantRefused::OtherClient => "invalid_grant: another client's",
        GrantRefused::OtherRedirect => "invalid_grant: another redirect URI",
        GrantRefused::Verifier => "invalid_grant: wrong verifier",
        GrantRefused::Taken => "invalid_grant: taken by another request",
        GrantRefused::Spent => "invalid_grant: in the spent ledger",
    }
}

/// RFC 6750 section 3.1: without any token, no error code.
pub(super) fn bearer(error: &BearerError, request: &Logged<'_>) -> Response {
    let (status, code, challenge) = match error {
        BearerError::Missing => (401, "missing_token", Some("Bearer")),
        BearerError::Invalid => (401, "invalid_token", Some("Bearer error=\"invalid_token\"")),
        BearerError::Trouble(_) => (503, "temporarily_unavailable", None),
    };
    let status = StatusCode::from_u16(status).expect("each of the above is a status");
    let trouble = match error {
        BearerError::Trouble(trouble) => Some(trouble),
        _ => None,
    };
    request.refused(code, status, trouble);
    let mut response = respond::json(status, &json!({ "error": code, "correlation_id": request.correlation }));
    if let Some(challenge) = challenge {
        let challenge = HeaderValue::from_static(challenge);
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    respond::retry_after(response, trouble.map(|_| RETRY_AFTER_S))
}
