//! The service's own keys: what signs ID tokens, and what keys the hashes of short codes.

mod hint;
mod repository;
mod routes;
mod signing;
mod sqlite;

pub use hint::{Hint, read_hint};
pub use repository::{KeyRepository, SigningKeyRecord};
pub use routes::routes;
pub use signing::{Keys, SigningKey, UnreadableKey};
pub(crate) use sqlite::SCHEMA;
