//! Limits: how often somebody may try, over all replicas and all ways to log in.

mod attempts;
mod known;
mod repository;
mod sqlite;
mod window;

#[cfg(test)]
mod tests;

pub(crate) use attempts::charge_long_login;
pub use attempts::{LimitRefused, Limits};
pub(crate) use known::new_cookie;
pub use known::{COOKIE, Known};
pub use repository::{CountedAttempt, FailureRepository, KnownBrowser};
pub(crate) use sqlite::SCHEMA;
pub use window::admits;

use crate::store::Namespace;

/// Counter: attempts to log in at one address.
pub const LOGIN_ATTEMPTS: Namespace = Namespace::new("auth:limit:login");
/// Counter: attempts to log in from one client, at one address and at all of them.
pub const CLIENT_ATTEMPTS: Namespace = Namespace::new("auth:limit:client-login");
/// Counter: mails that one client has asked for, to one address and to all of them.
pub const CLIENT_SENDS: Namespace = Namespace::new("auth:limit:client-send");
/// Counter: logins that one client has begun and that are too long for their cookies.
pub const LONG_LOGINS: Namespace = Namespace::new("auth:limit:long-login");
/// Counter: mails sent to one address.
pub const SENDS: Namespace = Namespace::new("auth:limit:send");
/// Counter: attempts to verify a code in one flow.
pub const VERIFY_ATTEMPTS: Namespace = Namespace::new("auth:limit:verify");
