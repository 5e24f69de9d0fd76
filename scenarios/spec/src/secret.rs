//! Secrets, as the specification sees them: by tags that are equal for equal secrets and of no use to anybody, and by what
//! anybody may know of their shape.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use sha2::{Digest, Sha256};
use std::fmt;

/// A tag: 64 bits of a SHA-256, so that two secrets of a run do not share one (with 10,000 of them: once in 10^11 runs).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(u64);

impl Tag {
    /// The tag of a text.
    pub fn of(text: &str) -> Tag {
        let hash = Sha256::digest(text.as_bytes());
        Tag(u64::from_be_bytes(hash[..8].try_into().expect("eight bytes")))
    }
}

impl fmt::Display for Tag {
    /// As histories write tags: the first eight digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0 >> 32)
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl Serialize for Tag {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:016x}", self.0))
    }
}

impl<'de> Deserialize<'de> for Tag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Tag, D::Error> {
        let text = String::deserialize(deserializer)?;
        let number = u64::from_str_radix(&text, 16);
        number
            .map(Tag)
            .map_err(|_| D::Error::custom(format!("{text:?} is no tag: 16 hexadecimal digits")))
    }
}

/// A secret's tag, and what its shape says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secret {
    /// Equal for equal secrets.
    pub tag: Tag,
    /// Its length.
    pub bytes: usize,
    /// Its length as it is written in a query, if that is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoded_bytes: Option<usize>,
    /// What else it can be.
    #[serde(default, skip_serializing_if = "Shape::is_other")]
    pub shape: Shape,
}

/// What a secret looks like.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// 256 bits in base64url, which is what this service makes. It can be a PKCE verifier, too: then this is the tag of its
    /// S256 challenge (RFC 7636 section 4.2).
    Token(Tag),
    /// A PKCE verifier (RFC 7636 section 4.1) of another length; the tag of its S256 challenge.
    Verifier(Tag),
    /// A one-time code as people type it, with spaces and hyphens or without: the tag of its digits.
    Digits(Tag),
    /// Nothing in particular.
    #[default]
    Other,
}

impl Shape {
    fn is_other(&self) -> bool {
        *self == Shape::Other
    }
}

impl Secret {
    /// The stand-in of a secret.
    pub fn of(text: &str) -> Secret {
        Secret {
            tag: Tag::of(text),
            bytes: text.len(),
            encoded_bytes: Some(encoded_bytes(text)).filter(|bytes| *bytes != text.len()),
            shape: shape(text),
        }
    }

    /// Its length as it is written in a query.
    pub fn encoded_bytes(&self) -> usize {
        self.encoded_bytes.unwrap_or(self.bytes)
    }

    /// Whether it looks like 256 bits in base64url.
    pub fn is_token(&self) -> bool {
        matches!(self.shape, Shape::Token(_))
    }

    /// The tag of the S256 challenge that it is the verifier of.
    pub fn challenge(&self) -> Option<Tag> {
        match self.shape {
            Shape::Token(tag) | Shape::Verifier(tag) => Some(tag),
            _ => None,
        }
    }

    /// The tag of the eight digits that it is.
    pub fn digits(&self) -> Option<Tag> {
        match self.shape {
            Shape::Digits(tag) => Some(tag),
            _ => None,
        }
    }
}

/// How long a text is in `application/x-www-form-urlencoded` (URL standard section 5.2): a space is one byte, all but a few
/// characters are three for each byte.
pub(crate) fn encoded_bytes(text: &str) -> usize {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"*-._ ".contains(&byte);
    text.bytes().map(|byte| if is_plain(byte) { 1 } else { 3 }).sum()
}

fn shape(text: &str) -> Shape {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let is_verifier = (43..=128).contains(&text.len()) && text.bytes().all(unreserved);
    if is_verifier {
        let challenge = Tag::of(&URL_SAFE_NO_PAD.encode(Sha256::digest(text.as_bytes())));
        let is_token = text.len() == 43 && URL_SAFE_NO_PAD.decode(text).is_ok_and(|bytes| bytes.len() == 32);
        return match is_token {
            true => Shape::Token(challenge),
            false => Shape::Verifier(challenge),
        };
    }
    if text.len() > 64 {
        return Shape::Other;
    }
    let digits: String = text.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    match digits.len() == 8 && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        true => Shape::Digits(Tag::of(&digits)),
        false => Shape::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_says_what_anybody_may_know() {
        // RFC 7636 appendix B.
        let verifier = Secret::of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert!(verifier.is_token());
        assert_eq!(
            verifier.challenge(),
            Some(Tag::of("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"))
        );
        assert_eq!(Secret::of(" 1234-5678 ").digits(), Some(Tag::of("12345678")));
        assert_eq!(Secret::of("123456789").digits(), None);
        assert_eq!(Secret::of("short").challenge(), None);
        assert_eq!(Secret::of("a b{\u{e4}").encoded_bytes(), 3 + 3 + 6);
        assert_eq!(Secret::of("short").encoded_bytes(), 5);
        let written = serde_json::to_string(&verifier).unwrap();
        assert_eq!(serde_json::from_str::<Secret>(&written).unwrap(), verifier);
        assert_eq!(format!("{}", Tag::of("abc")), "ba7816bf");
    }
}
