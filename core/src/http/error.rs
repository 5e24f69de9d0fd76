//! The one place where refusals become answers: page, redirect or JSON, with status, RFC code and
//! correlation ID, and where their cause goes into the log.

use super::surface::{
    pages::{self, Notice},
    respond,
};
use crate::{
    flow::{App, Refusal, Trouble, authorize::AuthorizeRefused, redeem::TokenError, userinfo::BearerError},
    model::{authorize::AuthorizeError, code::GrantRefused, params},
};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::json;

/// After how many seconds it is worth trying again when something the service depends on fails: a
/// failover takes two to three (measured on Redis 7.0.15).
const RETRY_AFTER_S: u64 = 2;

/// A refusal on its way out. Handlers return it; the outermost layer, which knows the correlation
/// ID, turns it into the answer.
#[derive(Clone)]
pub enum Rejected {
    /// To a person.
    Page(Refusal),
    /// To a client, through the person's browser, or to the person.
    Authorize(AuthorizeRefused),
    /// To a client, from the token endpoint.
    Token(TokenError),
    /// To a client, from a resource.
    Bearer(BearerError),
}

impl IntoResponse for Rejected {
    fn into_response(self) -> Response {
        let mut response = Response::default();
        response.extensions_mut().insert(self);
        response
    }
}

macro_rules! rejected_from {
    ($($error:ty => $variant:ident),*) => {$(
        impl From<$error> for Rejected {
            fn from(error: $error) -> Rejected {
                Rejected::$variant(error)
            }
        }
    )*};
}
rejected_from!(Refusal => Page, AuthorizeRefused => Authorize, TokenError => Token, BearerError => Bearer);

impl From<Trouble> for Rejected {
    fn from(trouble: Trouble) -> Rejected {
        Rejected::Page(Refusal::Trouble(trouble))
    }
}

/// A request, as the log knows it. No query: it may carry secrets.
pub(super) struct Logged<'a> {
    pub(super) correlation: &'a str,
    pub(super) method: &'a http::Method,
    pub(super) path: &'a str,
}

impl Logged<'_> {
    fn refused(&self, name: &str, status: StatusCode, trouble: Option<&Trouble>) {
        let Logged {
            correlation,
            method,
            path,
        } = self;
        let status = status.as_u16();
        match trouble {
            Some(cause) => tracing::warn!(correlation, %method, path, status, error = name, %cause, "refused"),
            None => tracing::info!(correlation, %method, path, status, error = name, "refused"),
        }
    }
}

/// Turns a refusal into its answer, and writes its cause into the log.
pub(super) fn answer(app: &App, rejected: Rejected, request: &Logged<'_>) -> Response {
    match rejected {
        Rejected::Page(refusal) | Rejected::Authorize(AuthorizeRefused::ToPerson(refusal)) => {
            page(app, refusal, request)
        }
        Rejected::Authorize(AuthorizeRefused::ToClient {
            redirect_uri,
            state,
            error,
        }) => to_client(app, &redirect_uri, state.as_deref(), &error, request),
        Rejected::Token(error) => token(&error, request),
        Rejected::Bearer(error) => bearer(&error, request),
    }
}

fn page(app: &App, refusal: Refusal, request: &Logged<'_>) -> Response {
    use Refusal as R;
    let window = app.config.limits.window.as_secs();
    let (status, name, title, text, retry_after_s) = match &refusal {
        R::Malformed(what) => (400, "malformed", "That did not work", *what, None),
        R::CrossSite => (
            403,
            "cross-site",
            "That did not work",
            "The form came from another site.",
            None,
        ),
        R::TooLarge => (413, "too-large", "That did not work", "The request is too large.", None),
        R::NotFound => (
            404,
            "not-found",
            "No such page",
            "There is nothing at this address.",
            None,
        ),
        R::MethodNotAllowed => (
            405,
            "method-not-allowed",
            "That did not work",
            "This page cannot be called in this way.",
            None,
        ),
        R::UnknownClient => (
            400,
            "unknown-client",
            "Unknown application",
            "The application that sent you here is not registered. You have not been logged in.",
            None,
        ),
        R::RedirectUri => (
            400,
            "redirect-uri",
            "Wrong return address",
            "The application that sent you here named a return address that is not registered. You have not been \
             logged in.",
            None,
        ),
        R::Expired => (
            400,
            "expired",
            "This sign-in has expired",
            "Go back to the application and start again.",
            None,
        ),
        R::OtherBrowser => (
            400,
            "other-browser",
            "This sign-in belongs to another browser",
            "It was begun in another browser, or the cookies of this one were cleared. Go back to the application and \
             start again here.",
            None,
        ),
        R::Address(_) => (
            400,
            "invalid-address",
            "Sign in",
            "That is not a mail address. Please check it.",
            None,
        ),
        R::NoCodeSent => (400, "no-code-sent", "No code yet", "Ask for a code first.", None),
        R::NotACode(_) => (400, "not-a-code", "Enter your code", "A code has six digits.", None),
        R::WrongCode(_) => (
            400,
            "wrong-code",
            "Enter your code",
            "That code is wrong, has expired or was used before.",
            None,
        ),
        R::TooManyMails => (
            429,
            "too-many-mails",
            "Too many mails",
            "So many codes were sent to this address that the next has to wait. Codes that have arrived still work.",
            Some(window),
        ),
        R::TooManyAttempts => (
            429,
            "too-many-attempts",
            "Too many attempts",
            "This sign-in has had too many wrong codes. Go back to the application and start again.",
            None,
        ),
        R::TooManyLogins => (
            429,
            "too-many-logins",
            "Too many attempts",
            "There were too many attempts to sign in at this address. Please wait before you try again.",
            Some(window),
        ),
        R::Locked => (
            429,
            "locked",
            "This address is locked",
            "There were too many wrong codes in a row. Ask the people who run this service to unlock it.",
            None,
        ),
        R::Trouble(_) => (
            503,
            "temporarily-unavailable",
            "Not available just now",
            "Something that signing in depends on does not answer. Nothing of yours is lost: wait a moment, go back \
             and try again.",
            Some(RETRY_AFTER_S),
        ),
    };
    let status = StatusCode::from_u16(status).expect("each of the above is a status");
    let trouble = match &refusal {
        R::Trouble(trouble) => Some(trouble),
        _ => None,
    };
    request.refused(name, status, trouble);
    let notice = Notice {
        name,
        title,
        text,
        correlation: request.correlation,
    };
    let mut response = match &refusal {
        R::Address(form) => pages::login(form, Some(&notice)),
        R::NotACode(form) | R::WrongCode(form) => pages::code(form, Some(&notice)),
        _ => pages::error(&notice),
    };
    *response.status_mut() = status;
    respond::retry_after(response, retry_after_s)
}

/// Error codes: RFC 6749 section 4.1.2.1, OpenID Connect Core section 3.1.2.6. The `iss` of RFC 9207
/// goes into refusals, too.
fn to_client(
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
    request.refused(code, StatusCode::SEE_OTHER, None);
    let mut answer = vec![("error", code), ("error_description", description)];
    answer.extend(state.map(|state| ("state", state)));
    answer.push(("iss", &app.config.issuer));
    respond::see_other(&params::append(redirect_uri, &answer))
}

/// Error codes: RFC 6749 section 5.2. It has none for "not now", so that of section 4.1.2.1 is used.
fn token(error: &TokenError, request: &Logged<'_>) -> Response {
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
fn bearer(error: &BearerError, request: &Logged<'_>) -> Response {
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
