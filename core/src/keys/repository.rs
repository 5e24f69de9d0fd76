//! What is kept of the service's own keys.

use super::Algorithm;
use async_trait::async_trait;
use seams::{Outcome, Timestamp};

/// A signing key, as stored.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKeyRecord {
    /// Key ID.
    pub kid: String,
    /// What it signs with.
    pub algorithm: Algorithm,
    /// PKCS#8 DER of the private key.
    pub pkcs8: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Keeps the keys that the replicas share.
#[async_trait]
pub trait KeyRepository: Send + Sync {
    /// All signing keys, newest first.
    async fn signing_keys(&self) -> Outcome<Vec<SigningKeyRecord>>;
    /// Stores a key unless there is one for its algorithm already; returns all keys, newest first. Two replicas that
    /// start together end up with the same one.
    async fn ensure_signing_key(&self, candidate: SigningKeyRecord) -> Outcome<Vec<SigningKeyRecord>>;
    /// Stores the secret that keys the hashes of one-time codes unless there is one already;
    /// returns the one in force.
    async fn ensure_pepper(&self, candidate: [u8; 32]) -> Outcome<[u8; 32]>;
}
