//! Refusals that every module may meet: a request that is none, and something that the service depends on.

use super::{Kind, PageError, Rejected};
use crate::unavailable::Unavailable;

/// Why a request is refused before any module looks at what it asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestError {
    /// Not a well-formed request; says what is wrong.
    Malformed(&'static str),
    /// A form from another site (cross-site request forgery).
    CrossSite,
    /// The request is larger than a form can be.
    TooLarge,
    /// No such page.
    NotFound,
    /// The page exists, and does not answer this method.
    MethodNotAllowed,
    /// Not a redirect URI of this client. Shown to the person: there is nowhere safe to redirect to.
    RedirectUri,
}

impl From<RequestError> for Rejected {
    fn from(error: RequestError) -> Rejected {
        Rejected::Page(error.into())
    }
}

impl From<RequestError> for PageError {
    fn from(error: RequestError) -> PageError {
        const FAILED: &str = "That did not work";
        match error {
            RequestError::Malformed(what) => PageError::new(Kind::Invalid, "malformed", FAILED, what),
            RequestError::CrossSite => PageError::new(
                Kind::Forbidden,
                "cross-site",
                FAILED,
                "The form came from another site.",
            ),
            RequestError::TooLarge => PageError::new(Kind::TooLarge, "too-large", FAILED, "The request is too large."),
            RequestError::NotFound => PageError::new(
                Kind::NotFound,
                "not-found",
                "No such page",
                "There is nothing at this address.",
            ),
            RequestError::MethodNotAllowed => PageError::new(
                Kind::MethodNotAllowed,
                "method-not-allowed",
                FAILED,
                "This page cannot be called in this way.",
            ),
            RequestError::RedirectUri => PageError::new(
                Kind::Invalid,
                "redirect-uri",
                "Wrong return address",
                "The application that sent you here named a return address that is not registered. You have not been \
                 logged in.",
            ),
        }
    }
}

impl From<Unavailable> for Rejected {
    fn from(unavailable: Unavailable) -> Rejected {
        let page = PageError::new(
            Kind::Unavailable,
            "temporarily-unavailable",
            "Not available just now",
            "Something that signing in depends on does not answer. Nothing of yours is lost: wait a moment, go back \
             and try again.",
        );
        Rejected::Page(page.for_want_of(unavailable))
    }
}
