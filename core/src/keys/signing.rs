//! The keys that sign ID tokens: one for each algorithm, the same on every replica.

use super::{
    Algorithm, KeyRepository, RsaKeyMaker, SigningKeyRecord, es256,
    jwt::{Parts, signed, unsigned},
    rs256,
};
use crate::hash::hex;
use seams::{Cause, Env, Failure, Outcome, Timestamp};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// A key that signs ID tokens.
#[derive(Clone)]
pub struct SigningKey {
    kid: String,
    private: Private,
}

#[derive(Clone)]
enum Private {
    Es256(es256::Key),
    Rs256(rs256::Key),
}

/// A key cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("signing key {kid} is not PKCS#8 of {}", kind(*.algorithm))]
pub struct UnreadableKey {
    /// Its name; `new`, if it has none yet.
    pub kid: String,
    /// What it should be for.
    pub algorithm: Algorithm,
}

fn kind(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::Es256 => "a P-256 key",
        Algorithm::Rs256 => "an RSA key of 2048 to 4096 bits",
    }
}

impl Private {
    fn read(pkcs8: &[u8], algorithm: Algorithm) -> Option<Private> {
        Some(match algorithm {
            Algorithm::Es256 => Private::Es256(es256::Key::read(pkcs8)?),
            Algorithm::Rs256 => Private::Rs256(rs256::Key::read(pkcs8)?),
        })
    }

    /// Key ID: the first 64 bits of the SHA-256 of the public key, so that equal keys have equal IDs on every replica.
    fn kid(&self) -> String {
        let public = match self {
            Private::Es256(key) => key.public(),
            Private::Rs256(key) => key.public(),
        };
        hex(&Sha256::digest(public)[..8])
    }
}

impl SigningKey {
    /// Makes a new key for ES256 from unpredictable bytes.
    ///
    /// # Errors
    /// None in practice: encoding a valid key does not fail.
    pub fn generate(draw: impl FnMut() -> [u8; 32], now: Timestamp) -> Result<SigningKeyRecord, UnreadableKey> {
        let pkcs8 = es256::Key::generate(draw).unwrap_or_default();
        SigningKey::record(pkcs8, Algorithm::Es256, now)
    }

    /// A private key, PKCS#8 DER, as it is stored.
    ///
    /// # Errors
    /// It is none for this algorithm.
    pub fn record(pkcs8: Vec<u8>, algorithm: Algorithm, now: Timestamp) -> Result<SigningKeyRecord, UnreadableKey> {
        let kid = "new".to_owned();
        let private = Private::read(&pkcs8, algorithm).ok_or(UnreadableKey { kid, algorithm })?;
        Ok(SigningKeyRecord {
            kid: private.kid(),
            algorithm,
            pkcs8,
            created_at: now,
        })
    }

    /// Reads a stored key.
    ///
    /// # Errors
    /// [`UnreadableKey`].
    pub fn read(record: &SigningKeyRecord) -> Result<SigningKey, UnreadableKey> {
        let SigningKeyRecord { kid, algorithm, .. } = record;
        let (kid, algorithm) = (kid.clone(), *algorithm);
        match Private::read(&record.pkcs8, algorithm) {
            Some(private) => Ok(SigningKey { kid, private }),
            None => Err(UnreadableKey { kid, algorithm }),
        }
    }

    /// What it signs with. A key has one algorithm, for its whole life (RFC 8725 section 3.1).
    pub fn algorithm(&self) -> Algorithm {
        match self.private {
            Private::Es256(_) => Algorithm::Es256,
            Private::Rs256(_) => Algorithm::Rs256,
        }
    }

    /// The public half as a JWK (RFC 7517).
    pub fn jwk(&self) -> Value {
        let mut jwk = match &self.private {
            Private::Es256(key) => key.jwk(),
            Private::Rs256(key) => key.jwk(),
        };
        for (name, value) in [("use", "sig"), ("alg", self.algorithm().name()), ("kid", &self.kid)] {
            jwk.insert(name.to_owned(), value.into());
        }
        Value::Object(jwk)
    }

    /// Signs claims: a JWT.
    pub fn sign(&self, claims: &Map<String, Value>) -> String {
        let header = json!({ "alg": self.algorithm().name(), "kid": self.kid, "typ": "JWT" });
        let unsigned = unsigned(&header, claims);
        let signature = match &self.private {
            Private::Es256(key) => key.sign(unsigned.as_bytes()),
            Private::Rs256(key) => key.sign(unsigned.as_bytes()),
        };
        signed(unsigned, &signature)
    }

    fn has_signed(&self, jwt: &Parts<'_>) -> bool {
        let message = jwt.signed.as_bytes();
        match &self.private {
            Private::Es256(key) => key.has_signed(message, &jwt.signature),
            Private::Rs256(key) => key.has_signed(message, &jwt.signature),
        }
    }
}

/// The signing keys of the service, the same on every replica.
pub struct Keys {
    /// Newest first. All are published; of each algorithm there is one, and the newest signs.
    keys: Vec<SigningKey>,
}

impl Keys {
    /// Loads the keys that the replicas share, and makes what is missing if this replica is the first.
    ///
    /// # Errors
    /// The directory does not answer, a key in it cannot be read, or none can be made: worth another try, for nothing was
    /// changed but what the next try finds.
    pub async fn load(env: &Env, repository: &dyn KeyRepository, rsa: &dyn RsaKeyMaker) -> Outcome<Keys> {
        let unreadable = |e: UnreadableKey| Failure::Fail(Cause::Storage(e.to_string()));
        let mut records = repository.signing_keys().await?;
        for algorithm in Algorithm::ALL {
            if records.iter().any(|record| record.algorithm == algorithm) {
                continue;
            }
            let draw = || {
                let mut bytes = [0; 32];
                env.entropy.fill(&mut bytes);
                bytes
            };
            let candidate = match algorithm {
                Algorithm::Es256 => SigningKey::generate(draw, env.now()),
                Algorithm::Rs256 => SigningKey::record(rsa.make().await?, algorithm, env.now()),
            };
            // Whoever comes second gets the key of whoever came first.
            records = repository.ensure_signing_key(candidate.map_err(unreadable)?).await?;
        }
        let keys = records.iter().map(SigningKey::read).collect::<Result<Vec<_>, _>>();
        let keys = Keys {
            keys: keys.map_err(unreadable)?,
        };
        for algorithm in Algorithm::ALL {
            if keys.newest_for(algorithm).is_none() {
                let lacks = format!("the directory gave no signing key for {}", algorithm.name());
                return Err(Failure::Fail(Cause::Storage(lacks)));
            }
        }
        Ok(keys)
    }

    fn newest_for(&self, algorithm: Algorithm) -> Option<&SigningKey> {
        self.keys.iter().find(|key| key.algorithm() == algorithm)
    }

    /// The key that signs with this algorithm.
    pub fn newest(&self, algorithm: Algorithm) -> &SigningKey {
        self.newest_for(algorithm).expect("there is one of each: see `load`")
    }

    /// The claims of a JWT that one of these keys has signed; `None`: none has. The header decides nothing but which key
    /// it is: each key has one algorithm (RFC 8725 section 3.1).
    pub fn verify(&self, token: &str) -> Option<Map<String, Value>> {
        let jwt = Parts::read(token)?;
        let kid = jwt.header.get("kid")?.as_str()?;
        let key = self.keys.iter().find(|key| key.kid == kid)?;
        (jwt.header.get("alg")? == key.algorithm().name()).then_some(())?;
        key.has_signed(&jwt).then_some(jwt.claims)
    }

    /// All that are published, newest first.
    pub fn all(&self) -> &[SigningKey] {
        &self.keys
    }
}

#[cfg(test)]
#[path = "signing_tests.rs"]
mod tests;
