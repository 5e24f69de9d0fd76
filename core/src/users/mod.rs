//! People who may log in.

mod administration;
mod repository;
mod sqlite;

pub use administration::UserChange;
pub use repository::{User, UserRepository};
pub(crate) use sqlite::SCHEMA;
