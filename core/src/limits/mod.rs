//! Limits: how often somebody may try, over all replicas.

use crate::store::Namespace;

mod repository;
mod sqlite;

pub use repository::FailureRepository;
pub(crate) use sqlite::SCHEMA;

/// Counter: attempts to log in at one address.
pub const LOGIN_ATTEMPTS: Namespace = Namespace::new("auth:limit:login");
/// Counter: attempts to verify a code in one flow.
pub const VERIFY_ATTEMPTS: Namespace = Namespace::new("auth:limit:verify");
