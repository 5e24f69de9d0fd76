//! The published keys (RFC 7517 section 5): one for each algorithm that is offered, and nothing private.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// An algorithm that ID tokens are signed with, and what its keys look like.
struct Kind {
    algorithm: &'static str,
    /// The members of a key, in the order of their names (RFC 7517 section 4, RFC 7518 sections 6.2.1 and 6.3.1).
    members: &'static [&'static str],
    /// Those of which it is known what they say.
    fixed: &'static [(&'static str, &'static str)],
    /// The public key in bytes, of which its name is made.
    bytes: fn(&Value) -> Option<Vec<u8>>,
}

/// "The algorithm RS256 MUST be included" (OpenID Connect Discovery section 3); `none` never is.
const KINDS: [Kind; 2] = [
    Kind {
        algorithm: "RS256",
        members: &["alg", "e", "kid", "kty", "n", "use"],
        fixed: &[("kty", "RSA"), ("use", "sig"), ("e", "AQAB")],
        bytes: rsa_public_key,
    },
    Kind {
        algorithm: "ES256",
        members: &["alg", "crv", "kid", "kty", "use", "x", "y"],
        fixed: &[("kty", "EC"), ("use", "sig"), ("crv", "P-256")],
        bytes: point,
    },
];

/// Names of the algorithms, as the metadata lists them.
pub(crate) fn algorithms() -> Vec<&'static str> {
    KINDS.iter().map(|kind| kind.algorithm).collect()
}

/// The name and the algorithm of each key, in the order in which they are published.
pub(crate) fn named(json: &Value) -> Vec<(String, String)> {
    let keys = json["keys"].as_array().into_iter().flatten();
    let text = |key: &Value, name: &str| Some(key[name].as_str()?.to_owned());
    keys.filter_map(|key| Some((text(key, "kid")?, text(key, "alg")?)))
        .collect()
}

/// Whether this is the document of the keys, and has those that were published first: any replica signs, and any is asked for the
/// keys (inventory 40).
///
/// # Errors
/// What is wrong with it.
pub(crate) fn check(json: &Value, first: &[(String, String)]) -> Result<(), String> {
    check_document(json)?;
    let these = named(json);
    match these == first {
        true => Ok(()),
        false => Err(format!(
            "it has the keys {these:?}, and {first:?} were published before"
        )),
    }
}

fn check_document(json: &Value) -> Result<(), String> {
    let keys = json["keys"].as_array().ok_or("it has no keys")?;
    let mut names = BTreeSet::new();
    for key in keys {
        let name = check_key(key)?;
        if !names.insert(name) {
            return Err("two keys have one name".into());
        }
    }
    match KINDS
        .iter()
        .find(|kind| keys.iter().all(|key| key["alg"] != kind.algorithm))
    {
        Some(kind) => Err(format!("it has no key for {}", kind.algorithm)),
        None => Ok(()),
    }
}

/// Whether a key is public, and has what a client needs to choose it; its name.
fn check_key(key: &Value) -> Result<&str, String> {
    let kind = KINDS.iter().find(|kind| key["alg"] == kind.algorithm);
    let kind = kind.ok_or_else(|| format!("a key is for {}", key["alg"]))?;
    let object = key.as_object().ok_or("a key is no object")?;
    let members: Vec<&str> = object.keys().map(String::as_str).collect();
    if members != kind.members {
        return Err(format!("a key for {} has the members {members:?}", kind.algorithm));
    }
    for (name, value) in kind.fixed {
        if key[name] != *value {
            return Err(format!("a key for {} has {name} {}", kind.algorithm, key[name]));
        }
    }
    let name = key["kid"].as_str().ok_or("a key has no name")?;
    let own = name_of(kind, key).ok_or("the numbers of a key cannot be read")?;
    match name == own {
        true => Ok(name),
        false => Err(format!("a key is called {name:?} instead of {own:?}")),
    }
}

/// The name of a key follows from it, so that equal keys have equal names at every replica, and another key another one
/// (core/LIMITS.md, RFC 7517 section 4.5): the first 64 bits of the SHA-256 of the public key.
fn name_of(kind: &Kind, key: &Value) -> Option<String> {
    let hash = Sha256::digest((kind.bytes)(key)?);
    Some(hash[..8].iter().map(|byte| format!("{byte:02x}")).collect())
}

fn number(key: &Value, name: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(key[name].as_str()?).ok()
}

/// SEC 1 section 2.3.3, uncompressed.
fn point(key: &Value) -> Option<Vec<u8>> {
    let coordinates = [number(key, "x")?, number(key, "y")?];
    let are_whole = coordinates.iter().all(|coordinate| coordinate.len() == 32);
    are_whole.then(|| [vec![4], coordinates.concat()].concat())
}

/// RFC 8017 appendix A.1.1, in DER: the modulus and the exponent. "A key of size 2048 bits or larger MUST be used" (RFC 7518
/// section 3.3).
fn rsa_public_key(key: &Value) -> Option<Vec<u8>> {
    let modulus = number(key, "n").filter(|modulus| modulus.len() >= 256 && modulus[0] >= 0x80)?;
    Some(der(0x30, &[integer(&modulus), integer(&number(key, "e")?)].concat()))
}

/// A positive number: with a zero before it if it would be a negative one.
fn integer(number: &[u8]) -> Vec<u8> {
    let sign = if number.first().is_some_and(|first| *first >= 0x80) {
        &[0][..]
    } else {
        &[]
    };
    der(0x02, &[sign, number].concat())
}

/// X.690 section 8.1.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let bytes: Vec<u8> = length.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
    let length = match length < 0x80 {
        true => vec![length as u8],
        false => [vec![0x80 | bytes.len() as u8], bytes].concat(),
    };
    [vec![tag], length, content.to_vec()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// The example of RFC 7517 appendix A.1, whose second key has 2048 bits.
    const N: &str = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3\
                     oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdA\
                     ZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-\
                     kEgU8awapJzKnqDKgw";

    fn keys() -> Value {
        let rsa = json!({ "kty": "RSA", "use": "sig", "alg": "RS256", "n": N, "e": "AQAB" });
        let ec = json!({
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256",
            "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
        });
        let named = |(kind, mut key): (&Kind, Value)| {
            key["kid"] = name_of(kind, &key).expect("numbers").into();
            key
        };
        let keys: Vec<Value> = KINDS.iter().zip([rsa, ec]).map(named).collect();
        json!({ "keys": keys })
    }

    #[test]
    fn a_number_is_written_as_der_says() {
        assert_eq!(integer(&[1, 0, 1]), [2, 3, 1, 0, 1]);
        assert_eq!(integer(&[0x80]), [2, 2, 0, 0x80]);
        assert_eq!(der(0x30, &[0; 0x80])[..3], [0x30, 0x81, 0x80]);
        assert_eq!(der(0x30, &[0; 0x10a])[..4], [0x30, 0x82, 1, 0x0a]);
    }

    #[test]
    fn one_of_each_kind_and_nothing_else() {
        assert_eq!(check_document(&keys()), Ok(()));
        for (place, member, value) in [
            (0, "alg", json!("none")),
            (0, "alg", json!("ES256")),
            (0, "e", json!("Aw")),
            (0, "n", json!("AQAB")),
            (0, "kid", json!("k1")),
            (0, "d", json!("AQAB")),
            (1, "crv", json!("P-384")),
            (1, "x", json!("AQAB")),
            (1, "d", json!("AQAB")),
        ] {
            let mut keys = keys();
            keys["keys"][place][member] = value;
            assert!(check_document(&keys).is_err(), "{place} {member}");
        }
        for place in 0..2 {
            let mut keys = keys();
            let gone = keys["keys"].as_array_mut().expect("keys").remove(place);
            assert!(check_document(&keys).is_err(), "{gone}");
            let other = keys["keys"][0].clone();
            keys["keys"].as_array_mut().expect("keys").extend([gone, other]);
            assert_eq!(check_document(&keys), Err("two keys have one name".into()));
        }
    }

    #[test]
    fn everybody_publishes_the_same() {
        let first = named(&keys());
        assert_eq!(check(&keys(), &first), Ok(()));
        let mut others = first.clone();
        others[1].0 = "0123456789abcdef".into();
        assert!(check(&keys(), &others).is_err());
        assert!(check(&keys(), &first[..1]).is_err());
    }
}
