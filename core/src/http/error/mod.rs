//! The one place where refusals become answers: page, redirect or JSON, with status, RFC code and
//! correlation ID, and where their cause goes into the log.
//!
//! Modules have small error enums of their own, one variant a reason, and turn them into a [`Rejected`]: the text and the
//! stable name are the module's, status and code are decided here.

mod code;
mod request;

pub use code::{ErrorCode, Kind};
pub use request::RequestError;

use super::{
    page::{self, Notice},
    params::append,
    respond,
};
use crate::unavailable::Unavailable;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use std::{sync::Arc, time::Duration};

/// After how long it is worth trying again when something the service depends on fails: a
/// failover takes two to three seconds (measured on Redis 7.0.15).
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// A page of a module that shows a notice.
type NoticePage = Arc<dyn Fn(&Notice<'_>) -> Response + Send + Sync>;

/// A refusal that a person sees.
#[derive(Clone)]
pub struct PageError {
    kind: Kind,
    name: &'static str,
    text: &'static str,
    retry_after: Option<Duration>,
    unavailable: Option<Unavailable>,
    /// The client, if it is a registered one, and the parameter that are to blame, for the log.
    blamed: (Option<String>, Option<&'static str>),
    place: Place,
}

/// Where a refusal is read.
#[derive(Clone)]
enum Place {
    /// On a page of its own, with this title.
    OwnPage(&'static str),
    /// As a notice on this page.
    On(NoticePage),
}

impl PageError {
    /// `name` is stable, for programs and the log; `title` and `text` are for people.
    pub fn new(kind: Kind, name: &'static str, title: &'static str, text: &'static str) -> PageError {
        PageError {
            kind,
            name,
            text,
            retry_after: None,
            unavailable: None,
            blamed: (None, None),
            place: Place::OwnPage(title),
        }
    }

    /// Shown as a notice on this page, on which the person can correct what was wrong.
    pub(crate) fn on(
        kind: Kind,
        name: &'static str,
        text: &'static str,
        page: impl Fn(&Notice<'_>) -> Response + Send + Sync + 'static,
    ) -> PageError {
        PageError {
            place: Place::On(Arc::new(page)),
            ..PageError::new(kind, name, "", text)
        }
    }

    /// A parameter is to blame, of this client if it is a registered one: for the log.
    #[must_use]
    pub fn blame(self, client: Option<String>, parameter: &'static str) -> PageError {
        PageError {
            blamed: (client, Some(parameter)),
            ..self
        }
    }

    /// The same, for something that did not do its part.
    pub(crate) fn for_want_of(self, unavailable: Unavailable) -> PageError {
        PageError {
            unavailable: Some(unavailable),
            ..self.retry_after(RETRY_AFTER)
        }
    }

    /// It is worth trying again after this time.
    #[must_use]
    pub fn retry_after(self, wait: Duration) -> PageError {
        PageError {
            retry_after: Some(wait),
            ..self
        }
    }
}

/// A refusal that a client gets through the person's browser.
#[derive(Debug, Clone)]
pub struct RedirectError {
    /// Which client, for the log.
    pub client: String,
    /// Where to: registered for the client.
    pub redirect_uri: String,
    /// Echoed.
    pub state: Option<String>,
    /// Why.
    pub code: ErrorCode,
    /// The parameter that is to blame, for the log.
    pub parameter: Option<&'static str>,
    /// The same, for the client's developers.
    pub description: &'static str,
}

/// A refusal that a client gets as JSON.
#[derive(Debug, Clone)]
pub struct JsonError {
    /// Why.
    pub code: ErrorCode,
    /// The same, for the client's developers.
    pub description: Option<&'static str>,
    /// For the log, where it knows more than the client is told; the code otherwise.
    pub reason: Option<&'static str>,
    /// Which client, for the log, if it is a registered one: what a stranger calls itself is not logged.
    pub client: Option<String>,
    /// The parameter that is to blame, for the log.
    pub parameter: Option<&'static str>,
    /// `WWW-Authenticate`.
    pub challenge: Option<&'static str>,
    /// What failed.
    pub unavailable: Option<Unavailable>,
}

impl JsonError {
    /// A refusal of which nothing but the code is said.
    pub fn new(code: ErrorCode) -> JsonError {
        JsonError {
            code,
            description: None,
            reason: None,
            client: None,
            parameter: None,
            challenge: None,
            unavailable: None,
        }
    }
}

/// A refusal on its way out. Handlers return it; the outermost layer, which knows the correlation
/// ID, turns it into the answer.
#[derive(Clone)]
pub enum Rejected {
    /// To a person.
    Page(PageError),
    /// To a client, through the person's browser.
    Redirect(RedirectError),
    /// To a client.
    Json(JsonError),
}

impl IntoResponse for Rejected {
    fn into_response(self) -> Response {
        let mut response = Response::default();
        response.extensions_mut().insert(self);
        response
    }
}

/// A request, as the log knows it. No query: it may carry secrets.
pub(super) struct Logged<'a> {
    pub(super) correlation: &'a str,
    pub(super) method: &'a http::Method,
    pub(super) path: &'a str,
}

/// Who and what is to blame for a refusal.
struct Blamed<'a> {
    client: Option<&'a str>,
    parameter: Option<&'static str>,
}

impl Logged<'_> {
    fn refused(&self, name: &str, status: StatusCode, blamed: &Blamed<'_>) {
        let Logged {
            correlation,
            method,
            path,
        } = self;
        let (status, Blamed { client, parameter }) = (status.as_u16(), blamed);
        tracing::info!(correlation, %method, path, status, client, parameter, error = name, "refused");
    }

    fn failed(&self, name: &str, status: StatusCode, cause: &Unavailable) {
        let Logged {
            correlation,
            method,
            path,
        } = self;
        let status = status.as_u16();
        tracing::warn!(correlation, %method, path, status, error = name, %cause, "refused");
    }
}

/// Turns a refusal into its answer, and writes its cause into the log.
pub(super) fn answer(issuer: &str, rejected: Rejected, request: &Logged<'_>) -> Response {
    match rejected {
        Rejected::Page(error) => to_person(&error, request),
        Rejected::Redirect(error) => through_browser(issuer, &error, request),
        Rejected::Json(error) => to_client(&error, request),
    }
}

fn to_person(error: &PageError, request: &Logged<'_>) -> Response {
    let status = error.kind.status();
    match &error.unavailable {
        Some(cause) => request.failed(error.name, status, cause),
        None => {
            let (client, parameter) = &error.blamed;
            let blamed = Blamed {
                client: client.as_deref(),
                parameter: *parameter,
            };
            request.refused(error.name, status, &blamed);
        }
    }
    let notice = Notice {
        name: error.name,
        text: error.text,
        correlation: request.correlation,
    };
    let mut response = match &error.place {
        Place::On(page) => page(&notice),
        Place::OwnPage(title) => page::error(title, &notice),
    };
    *response.status_mut() = status;
    respond::retry_after(response, error.retry_after)
}

/// The `iss` of RFC 9207 goes into refusals, too.
fn through_browser(issuer: &str, error: &RedirectError, request: &Logged<'_>) -> Response {
    let (code, _) = error.code.parts();
    let mut params = vec![("error", code), ("error_description", error.description)];
    params.extend(error.state.as_deref().map(|state| ("state", state)));
    params.push(("iss", issuer));
    match respond::see_other(&append(&error.redirect_uri, &params)) {
        Ok(response) => {
            let blamed = Blamed {
                client: Some(&error.client),
                parameter: error.parameter,
            };
            request.refused(code, StatusCode::SEE_OTHER, &blamed);
            response
        }
        Err(error) => answer(issuer, error.into(), request), // a page: there is nowhere to redirect to
    }
}

fn to_client(error: &JsonError, request: &Logged<'_>) -> Response {
    let (code, kind) = error.code.parts();
    let status = kind.status();
    let blamed = Blamed {
        client: error.client.as_deref(),
        parameter: error.parameter,
    };
    match &error.unavailable {
        Some(cause) => request.failed(error.reason.unwrap_or(code), status, cause),
        None => request.refused(error.reason.unwrap_or(code), status, &blamed),
    }
    let mut body = serde_json::Map::new();
    body.insert("error".into(), code.into());
    if let Some(description) = error.description {
        body.insert("error_description".into(), description.into());
    }
    body.insert("correlation_id".into(), request.correlation.into());
    let mut response = respond::json(status, &body);
    if let Some(challenge) = error.challenge {
        let challenge = HeaderValue::from_static(challenge);
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    respond::retry_after(response, error.unavailable.as_ref().map(|_| RETRY_AFTER))
}
