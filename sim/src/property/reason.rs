//! The reason why a run failed: it stays the same while the plan shrinks.

use crate::property::Violation;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A property, and the way in which it did not hold. It contains no names, times or numbers, so a smaller plan that
/// shows the same bug has the same reason.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// Name of the property.
    pub property: String,
    /// [`Violation::reason`]; empty if the property can fail in only one way.
    #[serde(default)]
    pub reason: String,
}

impl Reason {
    /// The reason of a violation.
    pub fn of(violation: &Violation) -> Reason {
        Reason {
            property: violation.property.clone(),
            reason: violation.reason.clone(),
        }
    }

    /// The first of these violations that has this reason.
    pub fn found_in<'a>(&self, violations: &'a [Violation]) -> Option<&'a Violation> {
        violations.iter().find(|violation| Reason::of(violation) == *self)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reason.as_str() {
            "" => f.write_str(&self.property),
            reason => write!(f, "{} ({reason})", self.property),
        }
    }
}

/// A text as a slug of small letters and hyphens. Numbers are left out, because they differ from run to run.
pub fn slug(words: &str) -> String {
    let mut slug = String::new();
    for c in words.chars() {
        if c.is_ascii_alphabetic() {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_has_no_numbers() {
        for (words, expected) in [
            ("failed-unreachable: shop-a:8080", "failed-unreachable-shop-a"),
            ("shop/src/job/printer.rs:113", "shop-src-job-printer-rs"),
            ("failed-429", "failed"),
            ("", ""),
        ] {
            assert_eq!(slug(words), expected);
        }
    }
}
