//! Relying parties: what is registered of them, and how they authenticate.

mod administration;
mod model;
pub mod registration;
mod repository;
mod sqlite;

pub use model::{Credentials, UnreadableCredentials, may_redirect_to};
pub use repository::{Client, ClientRepository, ClientSecret};
pub(crate) use sqlite::SCHEMA;
