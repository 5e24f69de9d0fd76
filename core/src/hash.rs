//! Hashing of secrets, and comparing them.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use std::fmt;
use subtle::ConstantTimeEq;

/// SHA-256 of a secret of 256 random bits, in lower-case hexadecimal: how such secrets are kept at
/// rest. Too fast for anything that can be guessed; use [`Pepper::mac`] for that.
pub fn sha256_hex(secret: &str) -> String {
    hex(&Sha256::digest(secret.as_bytes()))
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |value: u8| char::from(DIGITS[usize::from(value)]);
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}

/// Compares secrets, or their hashes, in a time that depends on their length only.
pub fn same(a: &str, b: &str) -> bool {
    a.as_bytes().ct_eq(b.as_bytes()).into()
}

/// Whether `text` looks like 256 bits in URL-safe base64: what [`seams::random_token`] makes.
pub fn is_token(text: &str) -> bool {
    URL_SAFE_NO_PAD.decode(text).is_ok_and(|bytes| bytes.len() == 32)
}

/// The service's own secret. It keys the hashes of what can be guessed, so that somebody who reads Redis or
/// a backup cannot find eight digits by trying all of them.
#[derive(Clone)]
pub struct Pepper([u8; 32]);

impl Pepper {
    /// A pepper.
    pub fn new(bytes: [u8; 32]) -> Pepper {
        Pepper(bytes)
    }

    fn keyed(&self, purpose: &str, parts: &[&str]) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        for part in std::iter::once(&purpose).chain(parts) {
            // The length goes first, so that no two lists of parts are the same bytes.
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        mac.finalize().into_bytes().into()
    }

    /// HMAC-SHA256 over the parts, for one purpose, in lower-case hexadecimal.
    pub fn mac(&self, purpose: &str, parts: &[&str]) -> String {
        hex(&self.keyed(purpose, parts))
    }

    /// The same, as a token of 43 URL-safe characters.
    pub fn token(&self, purpose: &str, parts: &[&str]) -> String {
        URL_SAFE_NO_PAD.encode(self.keyed(purpose, parts))
    }
}

impl fmt::Debug for Pepper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pepper(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_the_standard_ones() {
        assert_eq!(
            sha256_hex("abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn parts_cannot_be_shifted_and_purposes_differ() {
        let pepper = Pepper::new([7; 32]);
        assert_ne!(pepper.mac("code", &["ab", "c"]), pepper.mac("code", &["a", "bc"]));
        assert_ne!(pepper.mac("code", &["ab"]), pepper.mac("session", &["ab"]));
        assert_ne!(pepper.mac("code", &["ab"]), Pepper::new([8; 32]).mac("code", &["ab"]));
        assert!(is_token(&pepper.token("session", &["a"])));
        assert_eq!(format!("{pepper:?}"), "Pepper(…)");
    }

    #[test]
    fn a_token_is_43_url_safe_characters() {
        assert!(is_token(&"A".repeat(43)));
        for wrong in [
            &"A".repeat(42),
            &"A".repeat(44),
            &format!("{}=", "A".repeat(42)),
            "",
            "ä",
        ] {
            assert!(!is_token(wrong), "{wrong}");
        }
    }
}
