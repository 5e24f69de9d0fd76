//! The check of an ID token (OpenID Connect Core section 3.1.3.7).

use super::signatures;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, jwk::JwkSet};
use seams::Timestamp;
use serde::Deserialize;

/// How far the service's clock and the relying party's clock may differ, seconds.
const LEEWAY_S: u64 = 60;

/// The values that an ID token must match.
pub(crate) struct Expected<'a> {
    /// The issuer, compared exactly.
    pub(crate) issuer: &'a str,
    /// The audience.
    pub(crate) client_id: &'a str,
    /// The algorithm of the signature.
    pub(crate) algorithm: &'a str,
    /// The nonce of the authorization request.
    pub(crate) nonce: &'a str,
    /// The relying party's own wall clock.
    pub(crate) now: Timestamp,
}

/// The claims of an ID token that was checked.
#[derive(Debug, Deserialize)]
pub(crate) struct Claims {
    /// The subject: the person's identifier.
    pub(crate) sub: String,
    iss: String,
    aud: Audience,
    exp: u64,
    iat: u64,
    nonce: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// Checks signature, issuer, audience, nonce and time.
///
/// # Errors
/// A few words that say which check failed.
pub(crate) fn check(token: &str, keys: &JwkSet, expected: &Expected<'_>) -> Result<Claims, String> {
    signatures::install();
    let header = jsonwebtoken::decode_header(token).map_err(|e| format!("id token: {e}"))?;
    // What it is configured for, whatever the token says (RFC 8725 section 3.1).
    let algorithm: Algorithm = expected.algorithm.parse().map_err(|e| format!("id token: {e}"))?;
    if header.alg != algorithm {
        return Err(format!("id token: signed with {:?}", header.alg));
    }
    let kid = header.kid.ok_or("id token: no key ID")?;
    let key = keys.find(&kid).ok_or("id token: its key is not published")?;
    let key = DecodingKey::from_jwk(key).map_err(|e| format!("id token: its key: {e}"))?;
    // Everything but the signature is checked below, by the simulated clock and by exact rules.
    let mut validation = Validation::new(algorithm);
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    let claims = jsonwebtoken::decode::<Claims>(token, &key, &validation)
        .map_err(|e| format!("id token: {e}"))?
        .claims;

    let only_us = match &claims.aud {
        Audience::One(aud) => aud == expected.client_id,
        Audience::Many(all) => all.len() == 1 && all[0] == expected.client_id,
    };
    let now = expected.now.secs();
    if claims.iss != expected.issuer {
        Err("id token: another issuer".into())
    } else if !only_us {
        Err("id token: for another audience".into())
    } else if claims.nonce.as_deref() != Some(expected.nonce) {
        Err("id token: another nonce".into())
    } else if claims.exp + LEEWAY_S <= now {
        Err(format!("id token: expired {} s ago", now - claims.exp))
    } else if claims.iat > now + LEEWAY_S {
        Err(format!("id token: issued {} s in the future", claims.iat - now))
    } else {
        Ok(claims)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::{
        Engine,
        engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
    };
    use ring::{
        rand::SystemRandom,
        signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
    };
    use serde_json::{Value, json};

    const NOW_S: u64 = 1_790_000_000;
    // Two PKCS #8 keys made for these tests; they protect nothing.
    const KEY: &str = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg5DsJahv364A/H+9D\
        ftp801A/idoZcL1RHLD5ZUlg/S6hRANCAAT0CqVlzu39718iweaUAGIERsWAAngM\
        vLXeV/n4dnC0qEnFwRAvKG3PQs4MTTGGkck/EDpLfQsfWlEwj1kW/yiW";
    const OTHER_KEY: &str = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgL/hj/swjdghx9XRi\
        c4vDBfquNiB01B5B+w/nA3qwUS2hRANCAATjb6xJqJU20Cq8gdu8Zn1zwI8xnslg\
        LxXkFABNgEhCEkmaLWR+yOdp9ic+VrqoE80jgdlQKM0NjBOGaCYEbsqz";

    fn keys() -> JwkSet {
        serde_json::from_value(json!({ "keys": [{
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": "k1",
            "x": "9AqlZc7t_e9fIsHmlABiBEbFgAJ4DLy13lf5-HZwtKg",
            "y": "ScXBEC8obc9CzgxNMYaRyT8QOkt9Cx9aUTCPWRb_KJY",
        }]}))
        .unwrap()
    }

    fn good() -> Value {
        json!({
            "iss": "https://login.example", "sub": "user-ann", "aud": "web", "nonce": "n",
            "iat": NOW_S, "exp": NOW_S + 300,
        })
    }

    /// Signed with ES256, whatever the header says.
    fn token(claims: &Value, alg: &str, kid: Option<&str>, key: &str) -> String {
        let mut header = json!({ "typ": "JWT", "alg": alg });
        if let Some(kid) = kid {
            header["kid"] = json!(kid);
        }
        let part = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let message = format!("{}.{}", part(&header), part(claims));
        let (key, random) = (STANDARD.decode(key).unwrap(), SystemRandom::new());
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &key, &random).unwrap();
        let signature = pair.sign(&random, message.as_bytes()).unwrap();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn judged(token: &str) -> Result<String, String> {
        let expected = Expected {
            issuer: "https://login.example",
            client_id: "web",
            algorithm: "ES256",
            nonce: "n",
            now: Timestamp(NOW_S * 1000),
        };
        check(token, &keys(), &expected).map(|claims| claims.sub)
    }

    fn signed(claims: &Value) -> String {
        token(claims, "ES256", Some("k1"), KEY)
    }

    #[test]
    fn accepts_a_good_token() {
        assert_eq!(judged(&signed(&good())), Ok("user-ann".into()));
        let mut listed = good();
        listed["aud"] = json!(["web"]);
        assert_eq!(judged(&signed(&listed)), Ok("user-ann".into()));
        let mut late = good();
        late["exp"] = json!(NOW_S - 59);
        assert_eq!(judged(&signed(&late)), Ok("user-ann".into()), "within the leeway");
    }

    #[test]
    fn rejects_wrong_claims() {
        for (claim, value, why) in [
            ("iss", json!("https://login.example/"), "another issuer"),
            ("aud", json!("grafana"), "for another audience"),
            ("aud", json!(["web", "grafana"]), "for another audience"),
            ("nonce", json!("m"), "another nonce"),
            ("nonce", Value::Null, "another nonce"),
            ("exp", json!(NOW_S - 60), "expired 60 s ago"),
            ("iat", json!(NOW_S + 61), "issued 61 s in the future"),
        ] {
            let mut claims = good();
            claims[claim] = value;
            assert_eq!(judged(&signed(&claims)), Err(format!("id token: {why}")), "{claim}");
        }
        let mut claims = good();
        claims.as_object_mut().unwrap().remove("exp");
        assert!(judged(&signed(&claims)).is_err());
    }

    #[test]
    fn rejects_wrong_signatures() {
        let by = |kid, key: &str| judged(&token(&good(), "ES256", kid, key));
        assert_eq!(by(Some("k1"), KEY), Ok("user-ann".into()));
        assert_eq!(by(Some("k1"), OTHER_KEY), Err("id token: InvalidSignature".into()));
        assert_eq!(by(Some("k2"), KEY), Err("id token: its key is not published".into()));
        assert_eq!(by(None, KEY), Err("id token: no key ID".into()));
        let symmetric = token(&good(), "HS256", Some("k1"), KEY);
        assert_eq!(judged(&symmetric), Err("id token: signed with HS256".into()));
        let good = signed(&good());
        let torn = &good[..good.len() - 4];
        assert!(judged(torn).is_err() && judged("").is_err() && judged("a.b.c").is_err());
    }
}
