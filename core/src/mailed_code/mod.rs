//! Logging in with a one-time code that is sent by mail.

pub mod code;
mod error;
mod judge;
mod pages;
mod routes;
mod send;
mod verify;

#[cfg(test)]
mod tests;

pub use error::MailedCodeRefused;
pub use routes::routes;
pub use verify::LoggedIn;

use crate::{
    authorize::{Authorization, Way},
    limits::Limits,
    mail::Mailer,
    service::Service,
    session::Sessions,
    store::Namespace,
    users::UserRepository,
};
use std::sync::Arc;

/// A one-time code sent by mail.
pub const EMAIL_CODE: Namespace = Namespace::new("auth:email:code");
/// Marker: a mail was sent in this flow within the idempotency window.
pub const SEND_ONCE: Namespace = Namespace::new("auth:limit:send-once");

/// How the login page offers it.
pub const WAY: Way = Way {
    name: "mailed-code",
    offer: pages::offer,
};

/// The use cases of mailed codes: sending one, and verifying one.
pub struct MailedCode {
    service: Service,
    authorization: Arc<Authorization>,
    sessions: Arc<Sessions>,
    limits: Arc<Limits>,
    users: Arc<dyn UserRepository>,
    mailer: Arc<dyn Mailer>,
}

impl MailedCode {
    /// Mailed codes for these users, within the logins of `authorization`; a right code opens one of `sessions`.
    pub fn new(
        service: Service,
        authorization: Arc<Authorization>,
        sessions: Arc<Sessions>,
        limits: Arc<Limits>,
        users: Arc<dyn UserRepository>,
        mailer: Arc<dyn Mailer>,
    ) -> MailedCode {
        MailedCode {
            service,
            authorization,
            sessions,
            limits,
            users,
            mailer,
        }
    }
}
