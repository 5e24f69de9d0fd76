//! Where RSA keys come from.

use async_trait::async_trait;
use seams::Outcome;

/// Makes RSA keys. This is a seam of its own: two large primes take a tenth of a second of computing, and no seed decides which.
#[async_trait]
pub trait RsaKeyMaker: Send + Sync {
    /// A new private key, PKCS#8 DER.
    async fn make(&self) -> Outcome<Vec<u8>>;
}
