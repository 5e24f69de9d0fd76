//! Sessions: browsers that are logged in.

mod repository;
mod sqlite;

pub use repository::{Session, SessionOpening, SessionRepository};
pub(crate) use sqlite::SCHEMA;
