//! The service's own keys: what signs ID tokens, and what keys the hashes of short codes.

mod repository;
mod sqlite;

pub use repository::{KeyRepository, SigningKeyRecord};
pub(crate) use sqlite::SCHEMA;
