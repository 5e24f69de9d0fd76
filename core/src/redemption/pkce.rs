//! Proof Key for Code Exchange (RFC 7636), method S256 only.

use crate::hash::{is_token, same};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

/// Whether `challenge` can be an S256 challenge: base64url of a SHA-256 (section 4.2).
pub fn is_challenge(challenge: &str) -> bool {
    is_token(challenge)
}

/// Whether `verifier` is what `challenge` was made of (section 4.6). A malformed verifier (section
/// 4.1: 43 to 128 unreserved characters) is not.
pub fn verifies(verifier: &str, challenge: &str) -> bool {
    let unreserved = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    (43..=128).contains(&verifier.len())
        && verifier.bytes().all(unreserved)
        && same(&URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes())), challenge)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_rfc_7636_appendix_b() {
        let (verifier, challenge) = (
            "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        );
        assert!(is_challenge(challenge) && verifies(verifier, challenge));
        assert!(!verifies(challenge, verifier));
        assert!(!verifies(&verifier[..42], challenge), "too short");
        assert!(!verifies(&format!("{verifier}="), challenge), "not unreserved");
        assert!(!is_challenge("plain"));
    }
}
