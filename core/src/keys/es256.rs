//! ECDSA on P-256 with SHA-256 (ES256, RFC 7518 section 3.4).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use p256::{
    SecretKey,
    ecdsa::{
        self, Signature,
        signature::{Signer, Verifier},
    },
    pkcs8::{DecodePrivateKey, EncodePrivateKey},
};
use serde_json::{Map, Value, json};

/// A private key. It is parsed once; JWT libraries parse it for each signature.
///
/// Signatures are deterministic (RFC 6979): they need no random number, and equal runs of the simulation sign equal bytes.
#[derive(Clone)]
pub(super) struct Key(ecdsa::SigningKey);

impl Key {
    /// A new key from unpredictable bytes, as PKCS#8 DER. Draws again if they are not a number below the order of the curve,
    /// which next to never happens. `None`: it cannot be encoded, which does not happen.
    pub(super) fn generate(mut draw: impl FnMut() -> [u8; 32]) -> Option<Vec<u8>> {
        let secret = loop {
            if let Ok(secret) = SecretKey::from_slice(&draw()) {
                break secret;
            }
        };
        Some(secret.to_pkcs8_der().ok()?.as_bytes().to_vec())
    }

    pub(super) fn read(pkcs8: &[u8]) -> Option<Key> {
        ecdsa::SigningKey::from_pkcs8_der(pkcs8).ok().map(Key)
    }

    /// The public half as an uncompressed point.
    pub(super) fn public(&self) -> Vec<u8> {
        self.0.verifying_key().to_sec1_point(false).as_bytes().to_vec()
    }

    /// The members of the public half that a JWK has for this kind of key (RFC 7518 section 6.2.1).
    pub(super) fn jwk(&self) -> Map<String, Value> {
        let point = self.0.verifying_key().to_sec1_point(false);
        let coordinate =
            |bytes: Option<&p256::FieldBytes>| bytes.map(|b| URL_SAFE_NO_PAD.encode(b)).unwrap_or_default();
        let members = json!({ "kty": "EC", "crv": "P-256", "x": coordinate(point.x()), "y": coordinate(point.y()) });
        members.as_object().cloned().unwrap_or_default()
    }

    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let signature: Signature = self.0.sign(message);
        signature.to_bytes().to_vec()
    }

    pub(super) fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        let verified =
            Signature::from_slice(signature).map(|signature| self.0.verifying_key().verify(message, &signature));
        verified.is_ok_and(|verified| verified.is_ok())
    }
}
