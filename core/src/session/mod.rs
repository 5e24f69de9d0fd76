//! Sessions: browsers that are logged in. The session cookie, the account page, logging out.

mod account;
mod model;
mod page;
mod repository;
mod routes;
mod sqlite;

#[cfg(test)]
mod tests;

pub use account::{Sessions, SignedIn};
pub use model::{opened_in, value};
pub use repository::{Session, SessionOpening, SessionRepository};
pub use routes::routes;
pub(crate) use sqlite::{SCHEMA, is_ended};

use crate::http::Cookie;

/// The session cookie.
pub const COOKIE: Cookie = Cookie::new("session");
