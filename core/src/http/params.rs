//! Parameters of requests: `application/x-www-form-urlencoded`, each that means something at most once.

use std::collections::{BTreeMap, BTreeSet};
use url::form_urlencoded;

/// Parameters by name. "Request and response parameters MUST NOT be included more than once", and
/// one "sent without a value MUST be treated as if it were omitted" (RFC 6749 section 3.1).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Params {
    values: BTreeMap<String, String>,
    repeated: BTreeSet<String>,
}

impl Params {
    /// Reads a query or a form. Never fails: bytes that are not UTF-8 become U+FFFD and match nothing.
    pub fn parse(encoded: &[u8]) -> Params {
        let mut params = Params::default();
        let mut seen = BTreeSet::new();
        for (name, value) in form_urlencoded::parse(encoded) {
            if !seen.insert(name.to_string()) {
                params.repeated.insert(name.into_owned());
            } else if !value.is_empty() {
                params.values.insert(name.into_owned(), value.into_owned());
            }
        }
        params
    }

    /// The value of a parameter, if it has one.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// The first of these names that came more than once. Of names that mean nothing here, any number may come:
    /// unrecognized parameters are ignored (RFC 6749 section 3.1), and `resource` comes once for each resource (RFC 8707
    /// section 2).
    pub fn repeated_of(&self, names: &[&'static str]) -> Option<&'static str> {
        names.iter().copied().find(|name| self.repeated.contains(*name))
    }

    /// Whether any parameter came more than once.
    pub fn has_repeated(&self) -> bool {
        !self.repeated.is_empty()
    }
}

/// Appends parameters to a redirect URI, which may have a query of its own (RFC 6749 section 3.1.2).
pub fn append(uri: &str, params: &[(&str, &str)]) -> String {
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(params)
        .finish();
    let joint = match uri.find('?') {
        None => "?",
        Some(at) if at + 1 == uri.len() => "",
        Some(_) => "&",
    };
    format!("{uri}{joint}{query}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_means_absent_and_twice_is_noticed() {
        let params = Params::parse(b"a=1&b=&c=x+y%2B&%ff=2");
        assert_eq!(params.get("a"), Some("1"));
        assert_eq!(params.get("b"), None);
        assert_eq!(params.get("c"), Some("x y+"));
        assert!(!params.has_repeated());
        let twice = Params::parse(b"x=1&b=1&x=1&b=&c=1");
        assert_eq!(twice.repeated_of(&["a", "b", "c"]), Some("b"));
        assert_eq!(twice.repeated_of(&["a", "c"]), None, "x means nothing");
        assert!(twice.has_repeated());
    }

    #[test]
    fn appending_keeps_a_query() {
        let p = [("code", "a b"), ("iss", "https://i")];
        assert_eq!(append("https://c/cb", &p), "https://c/cb?code=a+b&iss=https%3A%2F%2Fi");
        assert_eq!(append("https://c/cb?x=1", &p[..1]), "https://c/cb?x=1&code=a+b");
        assert_eq!(append("https://c/cb?", &p[..1]), "https://c/cb?code=a+b");
    }
}
