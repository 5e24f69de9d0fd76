//! Signing keys: ES256 (RFC 7518 section 3.4).

use super::{KeyRepository, SigningKeyRecord};
use crate::hash::hex;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use p256::{
    SecretKey,
    ecdsa::{
        self, Signature,
        signature::{Signer, Verifier},
    },
    pkcs8::{DecodePrivateKey, EncodePrivateKey},
};
use seams::{Cause, Env, Failure, Outcome, Timestamp};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// A P-256 key that signs ID tokens (ES256, RFC 7518 section 3.4).
///
/// Signatures are deterministic (RFC 6979): they need no random number, and equal runs of the
/// simulation sign equal bytes. The key is parsed once; JWT libraries parse it for each signature.
#[derive(Clone)]
pub struct SigningKey {
    kid: String,
    key: ecdsa::SigningKey,
}

/// A stored key cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("signing key {0} is not PKCS#8 of a P-256 key")]
pub struct UnreadableKey(pub String);

impl SigningKey {
    /// Makes a new key from unpredictable bytes. Draws again if they are not a number below
    /// the order of the curve, which next to never happens.
    ///
    /// # Errors
    /// None in practice: encoding a valid key does not fail.
    pub fn generate(mut draw: impl FnMut() -> [u8; 32], now: Timestamp) -> Result<SigningKeyRecord, UnreadableKey> {
        let secret = loop {
            if let Ok(secret) = SecretKey::from_slice(&draw()) {
                break secret;
            }
        };
        let kid = kid(&ecdsa::SigningKey::from(&secret));
        let pkcs8 = secret.to_pkcs8_der().map_err(|_| UnreadableKey(kid.clone()))?;
        Ok(SigningKeyRecord {
            pkcs8: pkcs8.as_bytes().to_vec(),
            kid,
            created_at: now,
        })
    }

    /// Reads a stored key.
    ///
    /// # Errors
    /// [`UnreadableKey`].
    pub fn read(record: &SigningKeyRecord) -> Result<SigningKey, UnreadableKey> {
        let key = ecdsa::SigningKey::from_pkcs8_der(&record.pkcs8).map_err(|_| UnreadableKey(record.kid.clone()))?;
        Ok(SigningKey {
            kid: record.kid.clone(),
            key,
        })
    }

    /// The public half as a JWK (RFC 7517).
    pub fn jwk(&self) -> Value {
        let point = self.key.verifying_key().to_sec1_point(false);
        let coordinate =
            |bytes: Option<&p256::FieldBytes>| bytes.map(|b| URL_SAFE_NO_PAD.encode(b)).unwrap_or_default();
        json!({
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.kid,
            "x": coordinate(point.x()), "y": coordinate(point.y()),
        })
    }

    /// Signs claims: a JWT in compact form (RFC 7515 section 3.1).
    pub fn sign(&self, claims: &Map<String, Value>) -> String {
        let header = json!({ "alg": "ES256", "kid": self.kid, "typ": "JWT" }).to_string();
        let payload = Value::Object(claims.clone()).to_string();
        let mut token = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
        let signature: Signature = self.key.sign(token.as_bytes());
        token.push('.');
        token.push_str(&URL_SAFE_NO_PAD.encode(signature.to_bytes()));
        token
    }
}

/// A JWT in compact form, taken apart.
struct Parts<'a> {
    header: Map<String, Value>,
    claims: Map<String, Value>,
    signed: &'a str,
    signature: Vec<u8>,
}

impl Parts<'_> {
    fn read(token: &str) -> Option<Parts<'_>> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let object = |part: &str| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok();
        Some(Parts {
            header: object(header)?,
            claims: object(claims)?,
            signed,
            signature: URL_SAFE_NO_PAD.decode(signature).ok()?,
        })
    }
}

/// Key ID: the first 64 bits of the SHA-256 of the public key, so that equal keys have equal IDs on
/// every replica.
fn kid(key: &ecdsa::SigningKey) -> String {
    let public = key.verifying_key().to_sec1_point(false);
    hex(&Sha256::digest(public.as_bytes())[..8])
}

/// The signing keys of the service, the same on every replica.
pub struct Keys {
    /// Newest first. All are published; the newest signs.
    keys: Vec<SigningKey>,
}

impl Keys {
    /// Loads the keys that the replicas share, and makes one if this replica is the first.
    ///
    /// # Errors
    /// The directory does not answer, or a key in it cannot be read: worth another try, for nothing
    /// was changed but what the next try finds.
    pub async fn load(env: &Env, repository: &dyn KeyRepository) -> Outcome<Keys> {
        let unreadable = |e: UnreadableKey| Failure::Fail(Cause::Storage(e.to_string()));
        let mut records = repository.signing_keys().await?;
        if records.is_empty() {
            let draw = || {
                let mut bytes = [0; 32];
                env.entropy.fill(&mut bytes);
                bytes
            };
            let candidate = SigningKey::generate(draw, env.now()).map_err(unreadable)?;
            // Whoever comes second gets the key of whoever came first.
            records = repository.ensure_signing_key(candidate).await?;
        }
        let keys: Vec<SigningKey> = records
            .iter()
            .map(SigningKey::read)
            .collect::<Result<_, _>>()
            .map_err(unreadable)?;
        if keys.is_empty() {
            return Err(Failure::Fail(Cause::Storage(
                "the directory keeps no signing key".into(),
            )));
        }
        Ok(Keys { keys })
    }

    /// The key that signs.
    pub fn newest(&self) -> &SigningKey {
        &self.keys[0] // never empty: see `load`
    }

    /// The claims of a JWT that one of these keys has signed; `None`: none has. The header decides nothing but which key
    /// it is: each key has one algorithm (RFC 8725 section 3.1).
    pub fn verify(&self, token: &str) -> Option<Map<String, Value>> {
        let jwt = Parts::read(token)?;
        let kid = jwt.header.get("kid")?.as_str()?;
        let key = self.keys.iter().find(|key| key.kid == kid)?;
        (jwt.header.get("alg")? == "ES256").then_some(())?;
        let signature = Signature::from_slice(&jwt.signature).ok()?;
        let verified = key.key.verifying_key().verify(jwt.signed.as_bytes(), &signature);
        verified.is_ok().then_some(jwt.claims)
    }

    /// All that are published, newest first.
    pub fn all(&self) -> &[SigningKey] {
        &self.keys
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> SigningKeyRecord {
        SigningKey::generate(|| [byte; 32], Timestamp(5)).unwrap()
    }

    #[test]
    fn numbers_off_the_curve_are_drawn_again() {
        let mut draws = [[0; 32], [0xff; 32], [3; 32]].into_iter();
        let drawn = SigningKey::generate(|| draws.next().unwrap(), Timestamp(5)).unwrap();
        assert!(drawn == key(3));
        assert!(drawn.kid != key(4).kid && drawn.kid.len() == 16);
    }

    #[test]
    fn what_these_keys_have_signed_is_known_again_and_nothing_else() {
        let read = |byte| SigningKey::read(&key(byte)).unwrap();
        let keys = Keys {
            keys: vec![read(2), read(1)],
        };
        let claims = json!({ "sub": "user-ann" }).as_object().cloned().unwrap();
        let good = read(1).sign(&claims);
        assert_eq!(keys.verify(&good), Some(claims.clone()));
        let [header, payload, signature]: [&str; 3] = good.split('.').collect::<Vec<_>>().try_into().unwrap();
        let encode = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let other = encode(json!({ "sub": "user-bob" }));
        let unsigned = encode(json!({ "alg": "none", "kid": read(1).kid }));
        let as_other = encode(json!({ "alg": "ES256", "kid": read(2).kid }));
        for bad in [
            read(3).sign(&claims),
            format!("{header}.{other}.{signature}"),
            format!("{unsigned}.{payload}."),
            format!("{unsigned}.{payload}.{signature}"),
            format!("{as_other}.{payload}.{signature}"),
            format!("{header}.{payload}"),
            format!("{good}A"),
            format!(" {good}"),
            good[..good.len() - 1].to_owned(),
            "nonsense".to_owned(),
            String::new(),
        ] {
            assert_eq!(keys.verify(&bad), None, "{bad}");
        }
    }

    #[test]
    fn a_torn_key_is_named() {
        let mut record = key(1);
        record.pkcs8.truncate(20);
        assert_eq!(SigningKey::read(&record).err(), Some(UnreadableKey(record.kid)));
    }
}
