//! Signing keys and ID tokens.

use super::{hash::hex, scope};
use crate::{keys::SigningKeyRecord, users::User};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use p256::{
    SecretKey,
    ecdsa::{Signature, SigningKey, signature::Signer},
    pkcs8::{DecodePrivateKey, EncodePrivateKey},
};
use seams::Timestamp;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// A P-256 key that signs ID tokens (ES256, RFC 7518 section 3.4).
///
/// Signatures are deterministic (RFC 6979): they need no random number, and equal runs of the
/// simulation sign equal bytes. The key is parsed once; JWT libraries parse it for each signature.
#[derive(Clone)]
pub struct IdTokenKey {
    kid: String,
    key: SigningKey,
}

/// A stored key cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("signing key {0} is not PKCS#8 of a P-256 key")]
pub struct UnreadableKey(pub String);

impl IdTokenKey {
    /// Makes a new key from unpredictable bytes. Draws again in the (unheard-of) case that they are
    /// not a number below the order of the curve.
    ///
    /// # Errors
    /// None in practice: encoding a valid key does not fail.
    pub fn generate(mut draw: impl FnMut() -> [u8; 32], now: Timestamp) -> Result<SigningKeyRecord, UnreadableKey> {
        let secret = loop {
            if let Ok(secret) = SecretKey::from_slice(&draw()) {
                break secret;
            }
        };
        let kid = kid(&SigningKey::from(&secret));
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
    pub fn read(record: &SigningKeyRecord) -> Result<IdTokenKey, UnreadableKey> {
        let key = SigningKey::from_pkcs8_der(&record.pkcs8).map_err(|_| UnreadableKey(record.kid.clone()))?;
        Ok(IdTokenKey {
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

/// Key ID: the first 64 bits of the SHA-256 of the public key, so that equal keys have equal IDs on
/// every replica.
fn kid(key: &SigningKey) -> String {
    let public = key.verifying_key().to_sec1_point(false);
    hex(&Sha256::digest(public.as_bytes())[..8])
}

/// What an ID token says besides who the person is.
#[derive(Debug, Clone, Copy)]
pub struct Statement<'a> {
    /// Issuer.
    pub issuer: &'a str,
    /// The client: audience.
    pub client_id: &'a str,
    /// Granted scope.
    pub scope: &'a str,
    /// The client's nonce.
    pub nonce: Option<&'a str>,
    /// When the person proved who they are.
    pub auth_time: Timestamp,
    /// Issued at.
    pub now: Timestamp,
    /// Ends at.
    pub expires_at: Timestamp,
    /// The access token that goes with it.
    pub access_token: &'a str,
}

/// Claims of an ID token (OpenID Connect Core sections 2 and 3.1.3.6).
pub fn claims(user: &User, statement: Statement<'_>) -> Map<String, Value> {
    let mut claims = scope::claims(user, statement.scope);
    let half = &Sha256::digest(statement.access_token.as_bytes())[..16];
    for (name, value) in [
        ("iss", Value::from(statement.issuer)),
        ("aud", statement.client_id.into()),
        ("exp", statement.expires_at.secs().into()),
        ("iat", statement.now.secs().into()),
        ("auth_time", statement.auth_time.secs().into()),
        ("at_hash", URL_SAFE_NO_PAD.encode(half).into()),
    ] {
        claims.insert(name.into(), value);
    }
    if let Some(nonce) = statement.nonce {
        claims.insert("nonce".into(), nonce.into());
    }
    claims
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> SigningKeyRecord {
        IdTokenKey::generate(|| [byte; 32], Timestamp(5)).unwrap()
    }

    #[test]
    fn an_independent_implementation_verifies_what_we_sign() {
        use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header, jwk::Jwk};
        let record = key(1);
        let ours = IdTokenKey::read(&record).unwrap();
        let user = User {
            id: "user-ann".into(),
            address: "ann@example.com".into(),
            name: "Ann".into(),
        };
        let statement = Statement {
            issuer: "https://login.example",
            client_id: "web",
            scope: "openid email",
            nonce: Some("n"),
            auth_time: Timestamp(1_000),
            now: Timestamp(2_999),
            expires_at: Timestamp(300_000),
            access_token: "token",
        };
        let token = ours.sign(&claims(&user, statement));
        assert_eq!(token, ours.sign(&claims(&user, statement)), "deterministic");
        let jwk: Jwk = serde_json::from_value(ours.jwk()).unwrap();
        let mut rules = Validation::new(Algorithm::ES256);
        rules.validate_exp = false;
        rules.set_audience(&["web"]);
        rules.set_issuer(&["https://login.example"]);
        let read = decode::<Map<String, Value>>(&token, &DecodingKey::from_jwk(&jwk).unwrap(), &rules).unwrap();
        assert_eq!(decode_header(&token).unwrap().kid, Some(record.kid));
        assert_eq!(
            Value::Object(read.claims),
            json!({
                "iss": "https://login.example", "sub": "user-ann", "aud": "web", "exp": 300, "iat": 2, "auth_time": 1,
                "nonce": "n", "email": "ann@example.com", "email_verified": true, "at_hash": "PEaenWxYddN6Q_NT1PiOYQ",
            })
        );
        let other: Jwk = serde_json::from_value(IdTokenKey::read(&key(2)).unwrap().jwk()).unwrap();
        assert!(decode::<Map<String, Value>>(&token, &DecodingKey::from_jwk(&other).unwrap(), &rules).is_err());
    }

    #[test]
    fn numbers_off_the_curve_are_drawn_again() {
        let mut draws = [[0; 32], [0xff; 32], [3; 32]].into_iter();
        let drawn = IdTokenKey::generate(|| draws.next().unwrap(), Timestamp(5)).unwrap();
        assert!(drawn == key(3));
        assert!(drawn.kid != key(4).kid && drawn.kid.len() == 16);
    }

    #[test]
    fn a_torn_key_is_named() {
        let mut record = key(1);
        record.pkcs8.truncate(20);
        assert_eq!(IdTokenKey::read(&record).err(), Some(UnreadableKey(record.kid)));
    }
}
