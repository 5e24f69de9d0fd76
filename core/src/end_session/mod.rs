//! A client signs a person out: OpenID Connect RP-Initiated Logout.
//!
//! A client that has an ID token of the person who is logged in here signs them out at once. Otherwise the person is asked: any
//! site can send a browser here.

mod error;
mod page;
mod request;
mod routes;

#[cfg(test)]
mod tests;

pub use error::EndSessionRefused;
#[cfg(test)]
pub(crate) use request::STATE_BYTES_MAX;
pub use request::{EndSession, Ended, Leaving};
pub use routes::routes;
