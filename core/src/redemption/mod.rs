//! Authorization codes and the tokens that they are redeemed for.

use crate::store::Namespace;

mod repository;
mod sqlite;

pub use repository::{CodeRedemption, Redeemed, TokenRecord, TokenRepository};
pub(crate) use sqlite::SCHEMA;

/// OpenID Connect authorization codes.
pub const CODE: Namespace = Namespace::new("auth:oidc:code");
