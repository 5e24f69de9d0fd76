//! Why the token endpoint and userinfo refuse.

use super::GrantRefused;
use crate::{
    http::{ErrorCode, JsonError, Rejected, read::Unread},
    unavailable::Unavailable,
};

/// Why the token endpoint refuses (RFC 6749 section 5.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenError {
    /// Not a well-formed request; says what is wrong.
    Malformed(&'static str),
    /// A parameter is missing, or was given more than once; says which, and what is wrong.
    Parameter(&'static str, &'static str),
    /// The request is larger than a form can be.
    TooLarge,
    /// The client is unknown, or did not authenticate.
    Client {
        /// Whether it used the `Authorization` header.
        basic: bool,
    },
    /// Another grant than `authorization_code`.
    GrantType,
    /// The code is refused.
    Grant(GrantRefused),
    /// Not now, and the code is as good as before.
    Unavailable(Unavailable),
    /// Not now, and the code may be spent, or lost.
    InDoubt(Unavailable),
}

impl From<Unavailable> for TokenError {
    fn from(unavailable: Unavailable) -> TokenError {
        TokenError::Unavailable(unavailable)
    }
}

impl From<GrantRefused> for TokenError {
    fn from(refused: GrantRefused) -> TokenError {
        TokenError::Grant(refused)
    }
}

impl From<Unread> for TokenError {
    fn from(unread: Unread) -> TokenError {
        match unread {
            Unread::TooLarge => TokenError::TooLarge,
            Unread::Malformed(what) => TokenError::Malformed(what),
        }
    }
}

/// A refusal of the token endpoint, and whose request it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRefused {
    /// Why.
    pub error: TokenError,
    /// The client, if there is one of this name: for the log.
    pub client: Option<String>,
}

impl From<TokenError> for TokenRefused {
    fn from(error: TokenError) -> TokenRefused {
        TokenRefused { error, client: None }
    }
}

impl From<Unavailable> for TokenRefused {
    fn from(unavailable: Unavailable) -> TokenRefused {
        TokenError::from(unavailable).into()
    }
}

impl From<TokenError> for Rejected {
    fn from(error: TokenError) -> Rejected {
        TokenRefused::from(error).into()
    }
}

impl From<TokenRefused> for Rejected {
    fn from(refused: TokenRefused) -> Rejected {
        let TokenRefused { error, client } = refused;
        use TokenError as E;
        let (code, description) = match &error {
            E::Malformed(what) | E::Parameter(_, what) => (ErrorCode::InvalidRequest, *what),
            E::TooLarge => (ErrorCode::RequestTooLarge, "the request is too large"),
            E::Client { .. } => (ErrorCode::InvalidClient, "client authentication failed"),
            E::GrantType => (ErrorCode::UnsupportedGrantType, "grant_type must be authorization_code"),
            E::Grant(_) => (ErrorCode::InvalidGrant, "the code is not valid here and now"),
            E::InDoubt(_) => (
                ErrorCode::TemporarilyUnavailable,
                "the code may be spent or not; start again with a new one",
            ),
            E::Unavailable(_) => (ErrorCode::TemporarilyUnavailable, "try again in a moment"),
        };
        let json = JsonError {
            description: Some(description),
            client,
            parameter: match &error {
                E::Parameter(name, _) => Some(name),
                E::GrantType => Some("grant_type"),
                _ => None,
            },
            ..JsonError::new(code)
        };
        Rejected::Json(match error {
            E::Client { basic: true } => JsonError {
                challenge: Some("Basic realm=\"token\", charset=\"UTF-8\""),
                ..json
            },
            E::Grant(refused) => JsonError {
                reason: Some(reason(refused)),
                ..json
            },
            E::Unavailable(unavailable) | E::InDoubt(unavailable) => JsonError {
                unavailable: Some(unavailable),
                ..json
            },
            _ => json,
        })
    }
}

/// For the log; the client is told no more than `invalid_grant`.
fn reason(refused: GrantRefused) -> &'static str {
    match refused {
        GrantRefused::Unknown => "invalid_grant: no such code",
        GrantRefused::Expired => "invalid_grant: expired",
        GrantRefused::OtherClient => "invalid_grant: another client's",
        GrantRefused::OtherRedirect => "invalid_grant: another redirect URI",
        GrantRefused::Verifier => "invalid_grant: wrong verifier",
        GrantRefused::NoVerifier => "invalid_grant: no verifier",
        GrantRefused::NoChallenge => "invalid_grant: a verifier without a challenge",
        GrantRefused::Taken => "invalid_grant: taken by another request",
        GrantRefused::Spent => "invalid_grant: in the spent ledger",
        GrantRefused::SignedOut => "invalid_grant: signed out",
    }
}

/// Why an access token is refused (RFC 6750 section 3.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BearerError {
    /// None was given.
    Missing,
    /// It was given in more than one way, or more than once.
    Repeated,
    /// The request is larger than a form can be.
    TooLarge,
    /// Unknown, expired or revoked.
    Invalid,
    /// Not now.
    Unavailable(Unavailable),
}

impl From<Unavailable> for BearerError {
    fn from(unavailable: Unavailable) -> BearerError {
        BearerError::Unavailable(unavailable)
    }
}

impl From<BearerError> for Rejected {
    /// Without any token, the challenge has no error code (RFC 6750 section 3.1).
    fn from(error: BearerError) -> Rejected {
        Rejected::Json(match error {
            BearerError::Missing => JsonError {
                challenge: Some("Bearer"),
                ..JsonError::new(ErrorCode::MissingToken)
            },
            BearerError::Repeated => JsonError {
                challenge: Some("Bearer error=\"invalid_request\""),
                parameter: Some("access_token"),
                ..JsonError::new(ErrorCode::InvalidRequest)
            },
            BearerError::TooLarge => JsonError {
                challenge: Some("Bearer error=\"invalid_request\""),
                ..JsonError::new(ErrorCode::RequestTooLarge)
            },
            BearerError::Invalid => JsonError {
                challenge: Some("Bearer error=\"invalid_token\""),
                ..JsonError::new(ErrorCode::InvalidToken)
            },
            BearerError::Unavailable(unavailable) => JsonError {
                unavailable: Some(unavailable),
                ..JsonError::new(ErrorCode::TemporarilyUnavailable)
            },
        })
    }
}
