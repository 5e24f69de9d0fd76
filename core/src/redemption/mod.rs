//! Authorization codes and what they are redeemed for: access tokens and ID tokens. PKCE, scopes, userinfo.

mod code;
mod error;
mod id_token;
pub mod pkce;
mod redeem;
mod repository;
mod reuse;
mod routes;
pub mod scope;
mod sqlite;
mod userinfo;

#[cfg(test)]
mod tests;

pub use code::{Binding, CodeRecord, GrantRefused, Presentation, keep_code};
pub use error::{BearerError, TokenError, TokenRefused};
pub use id_token::{ACR, Statement, claims};
pub use redeem::TokenSet;
pub use repository::{CodeRedemption, Redeemed, SpentCode, TokenRecord, TokenRepository};
pub use routes::{token_routes, userinfo_routes};
pub(crate) use sqlite::SCHEMA;

use crate::{clients::ClientRepository, keys::Keys, service::Service, store::Namespace, users::UserRepository};
use std::sync::Arc;

/// OpenID Connect authorization codes.
pub const CODE: Namespace = Namespace::new("auth:oidc:code");

/// The use cases of relying parties: the token endpoint and userinfo.
pub struct Redemption {
    service: Service,
    clients: Arc<dyn ClientRepository>,
    users: Arc<dyn UserRepository>,
    tokens: Arc<dyn TokenRepository>,
    keys: Arc<Keys>,
}

impl Redemption {
    /// Redemption with these repositories; of `keys`, the newest for the client's algorithm signs.
    pub fn new(
        service: Service,
        clients: Arc<dyn ClientRepository>,
        users: Arc<dyn UserRepository>,
        tokens: Arc<dyn TokenRepository>,
        keys: Arc<Keys>,
    ) -> Redemption {
        Redemption {
            service,
            clients,
            users,
            tokens,
            keys,
        }
    }
}
