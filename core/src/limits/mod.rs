//! Limits: how often somebody may try, over all replicas and all ways to log in.

mod attempts;
mod repository;
mod sqlite;
mod window;

#[cfg(test)]
mod tests;

pub use attempts::{LimitRefused, Limits};
pub use repository::FailureRepository;
pub(crate) use sqlite::SCHEMA;
pub use window::admits;

use crate::store::Namespace;

/// Counter: attempts to log in at one address.
pub const LOGIN_ATTEMPTS: Namespace = Namespace::new("auth:limit:login");
/// Counter: attempts to verify a code in one flow.
pub const VERIFY_ATTEMPTS: Namespace = Namespace::new("auth:limit:verify");
