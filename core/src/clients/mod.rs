//! Relying parties: what is registered of them, and how they authenticate.

mod administration;
mod model;
pub mod registration;
mod repository;
mod sqlite;

pub use model::{Credentials, UnreadableCredentials, may_be_impersonated, may_redirect_to};
pub use repository::{Client, ClientRepository, ClientSecret, Pkce};
pub(crate) use sqlite::SCHEMA;
