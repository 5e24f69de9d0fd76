//! Status and codes: which refusal gets which.

use http::StatusCode;

/// What kind of refusal it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// What was sent is wrong, unknown, or not valid any more.
    Invalid,
    /// The client did not authenticate, or its token is not valid.
    Unauthenticated,
    /// Not allowed from there.
    Forbidden,
    /// Nothing is there.
    NotFound,
    /// Something is there that does not answer this method.
    MethodNotAllowed,
    /// Larger than a form can be.
    TooLarge,
    /// A limit was reached.
    TooMany,
    /// Something the service depends on failed.
    Unavailable,
}

impl Kind {
    /// The status of the answer.
    pub(super) fn status(self) -> StatusCode {
        match self {
            Kind::Invalid => StatusCode::BAD_REQUEST,
            Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
            Kind::Forbidden => StatusCode::FORBIDDEN,
            Kind::NotFound => StatusCode::NOT_FOUND,
            Kind::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Kind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Kind::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

/// Error codes for clients: RFC 6749 sections 4.1.2.1 and 5.2, RFC 6750 section 3.1, OpenID Connect Core section
/// 3.1.2.6. Section 5.2 has none for "not now", so that of section 4.1.2.1 is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorCode {
    /// `invalid_request`.
    InvalidRequest,
    /// `invalid_request`, because the request is too large.
    RequestTooLarge,
    /// `invalid_client`.
    InvalidClient,
    /// `invalid_grant`.
    InvalidGrant,
    /// `unsupported_grant_type`.
    UnsupportedGrantType,
    /// `unsupported_response_type`.
    UnsupportedResponseType,
    /// `invalid_scope`.
    InvalidScope,
    /// `request_not_supported`.
    RequestNotSupported,
    /// `request_uri_not_supported`.
    RequestUriNotSupported,
    /// `login_required`.
    LoginRequired,
    /// `consent_required`.
    ConsentRequired,
    /// `missing_token`: a name of our own, for RFC 6750 section 3.1 wants no code in the challenge.
    MissingToken,
    /// `invalid_token`.
    InvalidToken,
    /// `temporarily_unavailable`.
    TemporarilyUnavailable,
}

impl ErrorCode {
    /// The code as clients read it, and the kind that decides the status of a JSON answer.
    pub(super) fn parts(self) -> (&'static str, Kind) {
        match self {
            ErrorCode::InvalidRequest => ("invalid_request", Kind::Invalid),
            ErrorCode::RequestTooLarge => ("invalid_request", Kind::TooLarge),
            ErrorCode::InvalidClient => ("invalid_client", Kind::Unauthenticated),
            ErrorCode::InvalidGrant => ("invalid_grant", Kind::Invalid),
            ErrorCode::UnsupportedGrantType => ("unsupported_grant_type", Kind::Invalid),
            ErrorCode::UnsupportedResponseType => ("unsupported_response_type", Kind::Invalid),
            ErrorCode::InvalidScope => ("invalid_scope", Kind::Invalid),
            ErrorCode::RequestNotSupported => ("request_not_supported", Kind::Invalid),
            ErrorCode::RequestUriNotSupported => ("request_uri_not_supported", Kind::Invalid),
            ErrorCode::LoginRequired => ("login_required", Kind::Invalid),
            ErrorCode::ConsentRequired => ("consent_required", Kind::Invalid),
            ErrorCode::MissingToken => ("missing_token", Kind::Unauthenticated),
            ErrorCode::InvalidToken => ("invalid_token", Kind::Unauthenticated),
            ErrorCode::TemporarilyUnavailable => ("temporarily_unavailable", Kind::Unavailable),
        }
    }
}
