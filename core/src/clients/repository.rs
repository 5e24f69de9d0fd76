//! What is registered of a relying party.

use crate::keys::Algorithm;
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

/// Whether a client must prove that whoever redeems a code is who asked for it (RFC 7636).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pkce {
    /// Every authorization request has a challenge. Public clients have no other choice (RFC 9700 section 2.1.1), for
    /// nothing else protects their codes.
    Required,
    /// A challenge is checked if there is one. For confidential clients, of which RFC 9700 section 2.1.1 only recommends
    /// PKCE: many have it switched off as shipped.
    Optional,
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
    /// Whether it must use PKCE.
    pub pkce: Pkce,
    /// Where people may be sent after it has signed them out, compared exactly (RP-Initiated Logout section 3).
    pub post_logout_redirect_uris: Vec<String>,
    /// How its ID tokens are signed (`id_token_signed_response_alg`, OpenID Connect Dynamic Registration section 2).
    pub id_token_alg: Algorithm,
}

impl ClientSecret {
    /// What a client that authenticates so has to do, unless the operator decides otherwise.
    pub fn usual_pkce(&self) -> Pkce {
        match self {
            ClientSecret::None => Pkce::Required,
            ClientSecret::Sha256(_) => Pkce::Optional,
        }
    }
}

/// Finds relying parties.
#[async_trait]
pub trait ClientRepository: Send + Sync {
    /// A client by its `client_id`.
    async fn client(&self, id: &str) -> Outcome<Option<Client>>;
}
