//! What is registered of a relying party.

use async_trait::async_trait;
use seams::Outcome;

/// How a client authenticates at the token endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientSecret {
    /// Public client: `token_endpoint_auth_method` is `none`.
    None,
    /// Confidential client: SHA-256 of the secret, in lower-case hexadecimal. The secret is 256
    /// random bits, so a fast hash is enough.
    Sha256(String),
}

/// A relying party.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// `client_id`.
    pub id: String,
    /// Name shown to people.
    pub name: String,
    /// How it authenticates at the token endpoint.
    pub secret: ClientSecret,
    /// Redirect URIs, compared exactly (RFC 9700 section 2.1).
    pub redirect_uris: Vec<String>,
}

/// Finds relying parties.
#[async_trait]
pub trait ClientRepository: Send + Sync {
    /// A client by its `client_id`.
    async fn client(&self, id: &str) -> Outcome<Option<Client>>;
}
