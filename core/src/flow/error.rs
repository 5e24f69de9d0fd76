//! Why a use case ends without what was asked for.

use seams::{Failure, Outcome};

/// Somebody the service depends on did not do their part. Says nothing about the person's rights: a
/// failure is never an absence (inventory 54, 55).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{doing}: {failure}")]
pub struct Trouble {
    /// What the service was doing, for the log.
    pub doing: &'static str,
    /// What came of it.
    pub failure: Failure,
}

/// Says what was being done when it failed.
pub trait During<T> {
    /// Adds what was being done.
    ///
    /// # Errors
    /// The failure, as [`Trouble`].
    fn during(self, doing: &'static str) -> Result<T, Trouble>;
}

impl<T> During<T> for Outcome<T> {
    fn during(self, doing: &'static str) -> Result<T, Trouble> {
        self.map_err(|failure| Trouble { doing, failure })
    }
}

/// What the page of a login in progress shows again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// The flow's identifier.
    pub flow: String,
    /// Where the code was sent, or is to be.
    pub address: String,
    /// The client's name.
    pub client_name: String,
    /// The client's redirect URI: the browser must be allowed to end up there.
    pub redirect_uri: String,
}

/// Why a person does not get the page they asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
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
    /// No such client. Shown to the person: there is nowhere safe to redirect to.
    UnknownClient,
    /// Not a redirect URI of this client. Shown to the person, for the same reason.
    RedirectUri,
    /// The login has ended, or never was.
    Expired,
    /// The login was begun in another browser (inventory 9).
    OtherBrowser,
    /// Not a mail address.
    Address(Form),
    /// A code has to be asked for first.
    NoCodeSent,
    /// What was typed is not six digits. Not charged.
    NotACode(Form),
    /// The code is wrong, expired or spent.
    WrongCode(Form),
    /// Too many mails to this address.
    TooManyMails,
    /// Too many attempts in this login.
    TooManyAttempts,
    /// Too many attempts at this address, over all logins.
    TooManyLogins,
    /// Too many consecutive failures at this address (SP 800-63B-4 section 3.2.2).
    Locked,
    /// Not now.
    Trouble(Trouble),
}

impl From<Trouble> for Refusal {
    fn from(trouble: Trouble) -> Refusal {
        Refusal::Trouble(trouble)
    }
}
