//! ID tokens.

use super::scope;
use crate::users::User;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use seams::Timestamp;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// How sure the login is: no level of ISO/IEC 29115 is claimed (OpenID Connect Core section 2), for whoever reads somebody's
/// mail can be them. SP 800-63B-4 section 3.1.3.1 accepts no mailed code either.
pub const ACR: &str = "0";
/// How people log in: a one-time code (RFC 8176 section 2). There is no other way here.
const AMR: [&str; 1] = ["otp"];

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
        ("acr", ACR.into()),
        ("amr", AMR.as_slice().into()),
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
    use crate::keys::{SigningKey, SigningKeyRecord};
    use serde_json::json;

    fn key(byte: u8) -> SigningKeyRecord {
        SigningKey::generate(|| [byte; 32], Timestamp(5)).unwrap()
    }

    #[test]
    fn an_independent_implementation_verifies_what_we_sign() {
        use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header, jwk::Jwk};
        let record = key(1);
        let ours = SigningKey::read(&record).unwrap();
        let user = User {
            id: "user-ann".into(),
            address: "ann@example.com".into(),
            name: "Ann".into(),
            ..User::default()
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
                "acr": "0", "amr": ["otp"],
                "nonce": "n", "email": "ann@example.com", "email_verified": true, "at_hash": "PEaenWxYddN6Q_NT1PiOYQ",
            })
        );
        let other: Jwk = serde_json::from_value(SigningKey::read(&key(2)).unwrap().jwk()).unwrap();
        assert!(decode::<Map<String, Value>>(&token, &DecodingKey::from_jwk(&other).unwrap(), &rules).is_err());
    }
}
