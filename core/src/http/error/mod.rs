//! The one place where refusals become answers: page, redirect or JSON, with status, RFC code and
//! correlation ID, and where their cause goes into the log.

mod client;
mod person;

use crate::flow::{App, Refusal, Trouble, authorize::AuthorizeRefused, redeem::TokenError, userinfo::BearerError};
use axum::response::{IntoResponse, Response};
use http::StatusCode;

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
            person::page(app, refusal, request)
        }
        Rejected::Authorize(AuthorizeRefused::ToClient {
            redirect_uri,
            state,
            error,
        }) => client::to_client(app, &redirect_uri, state.as_deref(), &error, request),
        Rejected::Token(error) => client::token(&error, request),
        Rejected::Bearer(error) => client::bearer(&error, request),
    }
}
