//! People who may log in.

mod repository;
mod sqlite;

pub use repository::{User, UserRepository};
pub(crate) use sqlite::SCHEMA;
