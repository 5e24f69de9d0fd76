//! Why an authorization request or a login in progress is refused.

use super::AuthorizeError;
use crate::{
    http::{ErrorCode, Kind, PageError, RedirectError, Rejected, RequestError},
    unavailable::Unavailable,
};

/// Why an authorization request is refused, and where the refusal goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthorizeRefused {
    /// To the person: there is no client to trust.
    Request(RequestError),
    /// To the person: no such client, so nowhere safe to redirect to.
    UnknownClient,
    /// To the client.
    ToClient {
        /// Where to: registered.
        redirect_uri: String,
        /// Echoed.
        state: Option<String>,
        /// Why.
        error: AuthorizeError,
    },
    /// Not now.
    Unavailable(Unavailable),
}

impl From<RequestError> for AuthorizeRefused {
    fn from(error: RequestError) -> AuthorizeRefused {
        AuthorizeRefused::Request(error)
    }
}

impl From<Unavailable> for AuthorizeRefused {
    fn from(unavailable: Unavailable) -> AuthorizeRefused {
        AuthorizeRefused::Unavailable(unavailable)
    }
}

impl From<AuthorizeRefused> for Rejected {
    fn from(refused: AuthorizeRefused) -> Rejected {
        match refused {
            AuthorizeRefused::Request(error) => error.into(),
            AuthorizeRefused::UnknownClient => Rejected::Page(PageError::new(
                Kind::Invalid,
                "unknown-client",
                "Unknown application",
                "The application that sent you here is not registered. You have not been logged in.",
            )),
            AuthorizeRefused::ToClient {
                redirect_uri,
                state,
                error,
            } => {
                let (code, description) = explain(&error);
                Rejected::Redirect(RedirectError {
                    redirect_uri,
                    state,
                    code,
                    description,
                })
            }
            AuthorizeRefused::Unavailable(unavailable) => unavailable.into(),
        }
    }
}

/// Error codes: RFC 6749 section 4.1.2.1, OpenID Connect Core section 3.1.2.6.
fn explain(error: &AuthorizeError) -> (ErrorCode, &'static str) {
    use AuthorizeError as E;
    use ErrorCode as C;
    match error {
        E::Repeated(_) => (C::InvalidRequest, "a parameter was given more than once"),
        E::NoResponseType => (C::InvalidRequest, "response_type is missing"),
        E::ResponseType => (C::UnsupportedResponseType, "response_type must be code"),
        E::ResponseMode => (C::InvalidRequest, "response_mode must be query"),
        E::Scope => (C::InvalidScope, "scope must contain openid"),
        E::Challenge => (C::InvalidRequest, "a PKCE code_challenge is required"),
        E::ChallengeMethod => (C::InvalidRequest, "code_challenge_method must be S256"),
        E::Prompt => (C::InvalidRequest, "prompt is not supported"),
        E::MaxAge => (C::InvalidRequest, "max_age must be a number of seconds"),
        E::TooLong => (C::InvalidRequest, "state or nonce is too long"),
        E::RequestObject => (C::RequestNotSupported, "request objects are not supported"),
        E::RequestUri => (C::RequestUriNotSupported, "request_uri is not supported"),
        E::LoginRequired => (C::LoginRequired, "the person has to log in"),
    }
}

/// Why a request that belongs to a login in progress is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FlowRefused {
    /// The login has ended, or never was.
    Expired,
    /// The login was begun in another browser (inventory 9).
    OtherBrowser,
    /// Its `state` is too long to go back to the client.
    TooLong {
        /// Where to: registered.
        redirect_uri: String,
    },
    /// Not now.
    Unavailable(Unavailable),
}

impl From<Unavailable> for FlowRefused {
    fn from(unavailable: Unavailable) -> FlowRefused {
        FlowRefused::Unavailable(unavailable)
    }
}

impl From<FlowRefused> for Rejected {
    fn from(refused: FlowRefused) -> Rejected {
        Rejected::Page(match refused {
            FlowRefused::Expired => PageError::new(
                Kind::Invalid,
                "expired",
                "This sign-in has expired",
                "Go back to the application and start again.",
            ),
            FlowRefused::OtherBrowser => PageError::new(
                Kind::Invalid,
                "other-browser",
                "This sign-in belongs to another browser",
                "It was begun in another browser, or the cookies of this one were cleared. Go back to the application \
                 and start again here.",
            ),
            FlowRefused::TooLong { redirect_uri } => {
                return AuthorizeRefused::ToClient {
                    redirect_uri,
                    state: None,
                    error: AuthorizeError::TooLong,
                }
                .into();
            }
            FlowRefused::Unavailable(unavailable) => return unavailable.into(),
        })
    }
}
