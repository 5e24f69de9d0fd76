//! What a service stores contains no secret in clear: whoever copies a database, a snapshot or a backup must not be able to
//! act as somebody else.
//!
//! The harness knows the secrets that people, clients and attackers have had in a run, and a service hands over what it has
//! stored ([`Service::at_rest`](crate::service::Service::at_rest)). A secret counts as found if it stands there as a word, as
//! in the log. And nothing that is as long as a key may consist of one byte, repeated: that is a key that nobody has drawn.

use crate::{
    operators::{Secrets, words},
    property::{Violation, slug},
};

/// The name of the property that nothing is stored in clear that is a secret.
pub const NO_SECRET_STORED: &str = "NoSecretStored";

/// Something that a service has stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Where, for a person: `redis desk:ticket`, `the table seats, column holder`.
    pub place: String,
    /// Its bytes.
    pub value: Vec<u8>,
}

/// The name of the property that everything is stored for as long as the service documents, and no longer.
pub const KEPT_AS_DOCUMENTED: &str = "KeptAsDocumented";

/// For how long a service stores something, and for how long it may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Where, for a person: `redis desk:ticket`.
    pub place: String,
    /// The longest in this run, milliseconds: from when it is stored, or, for what was found at the end, from then on.
    pub for_ms: u64,
    /// What the service documents, milliseconds.
    pub at_most_ms: u64,
    /// The shortest in this run, and at least how long it must be kept, milliseconds; `None`: it may be kept for less.
    pub at_least: Option<(u64, u64)>,
}

/// The first thing that is stored for longer than documented, or for less. `at_ms` is the end of the run, when this is looked at.
pub(crate) fn kept_otherwise(kept: &[Kept], at_ms: u64) -> Option<Violation> {
    let differs = |kept: &Kept| {
        let (for_ms, at_most_ms) = (kept.for_ms, kept.at_most_ms);
        match kept.at_least {
            _ if for_ms > at_most_ms => Some(format!("{for_ms} ms, and may be for {at_most_ms} ms")),
            Some((for_ms, at_least_ms)) if for_ms < at_least_ms => {
                Some(format!("{for_ms} ms, and must be for {at_least_ms} ms"))
            }
            _ => None,
        }
    };
    let (place, what) = kept.iter().find_map(|kept| Some((&kept.place, differs(kept)?)))?;
    let what = format!("{place} is kept for {what}");
    let violation = Violation::new(at_ms, vec![], what).because(slug(place));
    Some(violation.of(KEPT_AS_DOCUMENTED.to_owned()))
}

/// The first secret that is stored in clear. `at_ms` is the end of the run, when this is looked at.
pub(crate) fn violation(stored: &[Stored], secrets: &Secrets, at_ms: u64) -> Option<Violation> {
    if let Some(stored) = stored.iter().find(|stored| is_blank(&stored.value)) {
        return Some(Violation {
            property: NO_SECRET_STORED.to_owned(),
            reason: slug(&format!("blank {}", stored.place)),
            what: format!("{} consists of one byte, {} times", stored.place, stored.value.len()),
            at_ms,
            evidence: vec![],
        });
    }
    let found = stored.iter().find_map(|stored| {
        let text = String::from_utf8_lossy(&stored.value);
        let kind = words(&text).find_map(|word| secrets.get(word));
        kind.map(|kind| (&stored.place, *kind))
    });
    let (place, kind) = found?;
    Some(Violation {
        property: NO_SECRET_STORED.to_owned(),
        reason: slug(&format!("{kind} in {place}")),
        what: format!("{place} contains {} {kind} in clear", article(kind)),
        at_ms,
        evidence: vec![],
    })
}

/// Whether it is as long as a key (128 bits), and has not been drawn.
fn is_blank(value: &[u8]) -> bool {
    value.len() >= 16 && value.iter().all(|byte| *byte == value[0])
}

fn article(word: &str) -> &'static str {
    match word.starts_with(['a', 'e', 'i', 'o', 'u', 'A', 'E', 'I', 'O', 'U']) {
        true => "an",
        false => "a",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(value: &[u8]) -> Option<String> {
        let secrets = Secrets::from([("123456".into(), "ticket"), ("aB-_9.xyz".into(), "access token")]);
        let stored = [Stored {
            place: "redis desk:ticket".into(),
            value: value.to_vec(),
        }];
        violation(&stored, &secrets, 7).map(|violation| violation.what)
    }

    #[test]
    fn what_is_kept_otherwise_than_documented_is_found() {
        let kept = |for_ms| Kept {
            place: "redis desk:ticket".into(),
            for_ms,
            at_most_ms: 60_000,
            at_least: None,
        };
        assert_eq!(kept_otherwise(&[kept(0), kept(60_000)], 7), None);
        let shorter = |shortest_ms| Kept {
            at_least: Some((shortest_ms, 5_000)),
            ..kept(60_000)
        };
        assert_eq!(kept_otherwise(&[shorter(5_000)], 7), None);
        assert!(kept_otherwise(&[shorter(4_999)], 7).is_some());
        let found = kept_otherwise(&[kept(60_000), kept(60_001)], 7).unwrap();
        assert_eq!((found.property.as_str(), found.at_ms), (KEPT_AS_DOCUMENTED, 7));
        assert_eq!(found.reason, "redis-desk-ticket");
    }

    #[test]
    fn a_secret_in_clear_is_found_wherever_it_stands() {
        for value in [&b"123456"[..], b"{\"ticket\":\"123456\"}", b"\x00\xff123456\xfe"] {
            assert_eq!(found(value).unwrap(), "redis desk:ticket contains a ticket in clear");
        }
        let what = found(b"desk:aB-_9.xyz").unwrap();
        assert_eq!(what, "redis desk:ticket contains an access token in clear");
    }

    #[test]
    fn a_key_that_nobody_has_drawn_is_found() {
        assert_eq!(
            found(&[0; 32]).unwrap(),
            "redis desk:ticket consists of one byte, 32 times"
        );
    }

    #[test]
    fn part_of_another_word_is_none() {
        for value in [&b"1700000123456789"[..], b"ab123456cd", b"", b"\xff\xff", &[0; 15]] {
            assert_eq!(found(value), None, "{value:?}");
        }
    }
}
