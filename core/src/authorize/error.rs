//! Why an authorization request or a login in progress is refused.

use super::AuthorizeError;
use crate::{
    http::{ErrorCode, Kind, PageError, RedirectError, Rejected, RequestError},
    limits::LimitRefused,
    unavailable::Unavailable,
};

/// Why an authorization request is refused, and where the refusal goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthorizeRefused {
    /// To the person: there is no client to trust.
    Request(RequestError),
    /// To the person: no such client, so nowhere safe to redirect to.
    UnknownClient,
    /// To the person: not a redirect URI of this client, or none at all.
    RedirectUri(String),
    /// To the client.
    ToClient(ToClient),
    /// To the person: too many like it have come from where they are.
    Limit(LimitRefused),
    /// Not now.
    Unavailable(Unavailable),
}

/// A refusal that goes to the client, through the person's browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToClient {
    /// Which client.
    pub client_id: String,
    /// Where to: registered for it.
    pub redirect_uri: String,
    /// Echoed.
    pub state: Option<String>,
    /// Why.
    pub error: AuthorizeError,
}

impl From<ToClient> for Rejected {
    fn from(refused: ToClient) -> Rejected {
        let (code, parameter, description) = explain(&refused.error);
        Rejected::Redirect(RedirectError {
            client: refused.client_id,
            redirect_uri: refused.redirect_uri,
            state: refused.state,
            code,
            parameter,
            description,
        })
    }
}

impl From<RequestError> for AuthorizeRefused {
    fn from(error: RequestError) -> AuthorizeRefused {
        AuthorizeRefused::Request(error)
    }
}

impl From<LimitRefused> for AuthorizeRefused {
    fn from(refused: LimitRefused) -> AuthorizeRefused {
        AuthorizeRefused::Limit(refused)
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
            AuthorizeRefused::UnknownClient => Rejected::Page(
                PageError::new(
                    Kind::Invalid,
                    "unknown-client",
                    "Unknown application",
                    "The application that sent you here is not registered. You have not been logged in.",
                )
                .blame(None, "client_id"),
            ),
            AuthorizeRefused::RedirectUri(client) => {
                let page = PageError::from(RequestError::RedirectUri);
                Rejected::Page(page.blame(Some(client), "redirect_uri"))
            }
            AuthorizeRefused::ToClient(refused) => refused.into(),
            AuthorizeRefused::Limit(refused) => refused.into(),
            AuthorizeRefused::Unavailable(unavailable) => unavailable.into(),
        }
    }
}

/// Error codes (RFC 6749 section 4.1.2.1, OpenID Connect Core section 3.1.2.6), the parameter that is to blame, and what
/// the client's developers read.
fn explain(error: &AuthorizeError) -> (ErrorCode, Option<&'static str>, &'static str) {
    use AuthorizeError as E;
    use ErrorCode as C;
    let (code, parameter, description) = match error {
        E::Repeated(name) => (C::InvalidRequest, *name, "a parameter was given more than once"),
        E::NoResponseType => (C::InvalidRequest, "response_type", "response_type is missing"),
        E::ResponseType => (
            C::UnsupportedResponseType,
            "response_type",
            "response_type must be code",
        ),
        E::ResponseMode => (C::InvalidRequest, "response_mode", "response_mode must be query"),
        E::Scope => (C::InvalidScope, "scope", "scope must contain openid"),
        E::Challenge => (C::InvalidRequest, "code_challenge", "a PKCE code_challenge is required"),
        E::ChallengeMethod => {
            let what = "code_challenge_method must be S256";
            (C::InvalidRequest, "code_challenge_method", what)
        }
        E::Prompt => (C::InvalidRequest, "prompt", "prompt is not supported"),
        E::MaxAge => (C::InvalidRequest, "max_age", "max_age must be a number of seconds"),
        E::StateTooLong => (C::InvalidRequest, "state", "state is too long"),
        E::NonceTooLong => (C::InvalidRequest, "nonce", "nonce is too long"),
        E::Hint => (
            C::InvalidRequest,
            "id_token_hint",
            "id_token_hint must be an ID token of this service",
        ),
        E::RequestObject => (C::RequestNotSupported, "request", "request objects are not supported"),
        E::RequestUri => (C::RequestUriNotSupported, "request_uri", "request_uri is not supported"),
        E::LoginRequired => return (C::LoginRequired, None, "the person has to log in"),
        E::ConsentRequired => {
            return (
                C::ConsentRequired,
                None,
                "the person has to say that they want to go on",
            );
        }
    };
    (code, Some(parameter), description)
}

/// Why a request that belongs to a login in progress is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FlowRefused {
    /// The login has ended, or never was.
    Expired,
    /// The login was begun in another browser (inventory 9).
    OtherBrowser,
    /// To the client.
    ToClient(ToClient),
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
                "Or it was begun in another browser, or this one has lost its cookie: cookies were cleared, or several other \
                 sign-ins were begun. Go back to the application and start again.",
            ),
            FlowRefused::OtherBrowser => PageError::new(
                Kind::Invalid,
                "other-browser",
                "This sign-in belongs to another browser",
                "It was begun in another browser, or this one has lost its cookie: cookies were cleared, or several other \
                 sign-ins were begun. Go back to the application and start again here.",
            ),
            FlowRefused::ToClient(refused) => return refused.into(),
            FlowRefused::Unavailable(unavailable) => return unavailable.into(),
        })
    }
}
