//! What is kept of a person.

use async_trait::async_trait;
use seams::Outcome;

/// A person who may log in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct User {
    /// Opaque, stable identifier: the `sub` of ID tokens.
    pub id: String,
    /// Mail address, lower case.
    pub address: String,
    /// Display name.
    pub name: String,
    /// The name that clients show and that may change: `preferred_username`. It identifies nobody; `id` does (OpenID Connect
    /// Core section 5.7).
    pub username: Option<String>,
    /// Names of groups, for clients that decide by them what somebody may do.
    pub groups: Vec<String>,
}

/// Finds people.
#[async_trait]
pub trait UserRepository: Send + Sync {
    /// A user by mail address (lower case).
    async fn user_by_address(&self, address: &str) -> Outcome<Option<User>>;
    /// A user by identifier.
    async fn user(&self, id: &str) -> Outcome<Option<User>>;
}
