//! The RSA key of a new directory.

use async_trait::async_trait;
use graviola::signing::rsa::{KeySize, SigningKey};
use idp::keys::RsaKeyMaker;
use seams::{Cause, Failure, Outcome};

/// Makes keys of 2048 bits, which every client verifies: RFC 7518 section 3.3 asks for no less, and a signature with 4096 bits
/// takes several times as long. `ring`, which signs with them, makes none.
pub(crate) struct NewRsaKey;

#[async_trait]
impl RsaKeyMaker for NewRsaKey {
    async fn make(&self) -> Outcome<Vec<u8>> {
        let made = tokio::task::spawn_blocking(generate).await;
        // It panics on a processor without the instructions that it needs.
        made.unwrap_or(None).ok_or_else(|| {
            let why = "no RSA key could be made on this machine: import one with import-signing-key";
            Failure::Fail(Cause::Refused(why.to_owned()))
        })
    }
}

fn generate() -> Option<Vec<u8>> {
    let key = SigningKey::generate(KeySize::Rsa2048).ok()?;
    let mut der = [0; 2048];
    Some(key.to_pkcs8_der(&mut der).ok()?.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use idp::keys::{Algorithm, SigningKey as Kept};
    use seams::Timestamp;

    /// `ring` checks more than that it can be read: the numbers must belong together.
    #[tokio::test]
    async fn a_key_that_is_made_can_be_used_and_is_a_new_one() {
        let kept = async || {
            let made = NewRsaKey.make().await.expect("a key");
            Kept::record(made, Algorithm::Rs256, Timestamp(0)).expect("a key for RS256")
        };
        let (one, other) = (kept().await, kept().await);
        assert_ne!(one.kid, other.kid);
        let jwk = Kept::read(&one).expect("the same key").jwk();
        let modulus = jwk["n"].as_str().expect("a modulus");
        assert_eq!(
            (modulus.len(), &jwk["e"]),
            (342, &"AQAB".into()),
            "2048 bits in base64url"
        );
    }
}
