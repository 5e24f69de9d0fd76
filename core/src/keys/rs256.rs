//! RSASSA-PKCS1-v1_5 with SHA-256 (RS256, RFC 7518 section 3.3).
//!
//! `ring` signs in constant time. The crate `rsa` does not (RUSTSEC-2023-0071: whoever measures many signatures from afar may
//! learn the key).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    rand::SystemRandom,
    rsa::PublicKeyComponents,
    signature::{KeyPair, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey},
};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// A private key of 2048 to 4096 bits ("a key of size 2048 bits or larger MUST be used", RFC 7518 section 3.3).
#[derive(Clone)]
pub(super) struct Key(Arc<RsaKeyPair>);

impl Key {
    /// Reads PKCS#8 DER, and checks that the numbers in it belong together.
    pub(super) fn read(pkcs8: &[u8]) -> Option<Key> {
        let key = RsaKeyPair::from_pkcs8(pkcs8).ok()?;
        Some(Key(Arc::new(key)))
    }

    /// The public half as `RSAPublicKey` in DER (RFC 8017 appendix A.1.1).
    pub(super) fn public(&self) -> Vec<u8> {
        self.0.public_key().as_ref().to_vec()
    }

    /// The members of the public half that a JWK has for this kind of key (RFC 7518 section 6.3.1).
    pub(super) fn jwk(&self) -> Map<String, Value> {
        let public = PublicKeyComponents::<Vec<u8>>::from(self.0.public_key());
        let [n, e] = [public.n, public.e].map(|number| URL_SAFE_NO_PAD.encode(number));
        json!({ "kty": "RSA", "n": n, "e": e })
            .as_object()
            .cloned()
            .unwrap_or_default()
    }

    /// This kind of padding has nothing random in it (RFC 8017 section 8.2.1): equal messages have equal signatures, and the
    /// source of random numbers that `ring` asks for is not read.
    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; self.0.public().modulus_len()];
        let signed = self
            .0
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature);
        signed.expect("it has the length that this key signs with");
        signature
    }

    pub(super) fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, self.0.public_key());
        public.verify(message, signature).is_ok()
    }
}
