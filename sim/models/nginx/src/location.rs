//! Which `upstream` block gets a request: nginx's `location`s. Pure.

/// A `location` whose requests go to another `upstream` block than others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// Which requests.
    pub path: PathMatch,
    /// `proxy_pass`: the `upstream` block, by its number.
    pub upstream: usize,
    /// `error_page 502 504 = @name`: if no server of that block answers, the same request goes to this one, by its number, and
    /// its answer is the client's, whatever its status. Without it the client gets a page of the balancer's own.
    pub error_page: Option<usize>,
}

/// How a `location` names paths. They are compared as they are sent: nginx decodes `%61` and `..` before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathMatch {
    /// `location = PATH`: this one.
    Exact(String),
    /// `location PREFIX`: all that begin so.
    Prefix(String),
}

impl Location {
    /// The location of a path: an exact one before all others, then the one with the longest prefix.
    pub(super) fn of<'a>(locations: &'a [Location], path: &str) -> Option<&'a Location> {
        let length = |location: &Location| match &location.path {
            PathMatch::Exact(exact) => (exact == path).then_some(usize::MAX),
            PathMatch::Prefix(prefix) => path.starts_with(prefix.as_str()).then_some(prefix.len()),
        };
        let found = locations
            .iter()
            .filter_map(|location| Some((length(location)?, location)));
        found.max_by_key(|(length, _)| *length).map(|(_, location)| location)
    }

    /// Whether a path only lacks the slash at the end of a prefix. nginx then redirects to the path with it, unless there is an
    /// exact location for it (measured).
    pub(super) fn lacks_slash(locations: &[Location], path: &str) -> bool {
        let is_short = |location: &Location| match &location.path {
            PathMatch::Prefix(prefix) => prefix.strip_suffix('/') == Some(path),
            PathMatch::Exact(_) => false,
        };
        let is_exact = |location: &Location| matches!(&location.path, PathMatch::Exact(exact) if exact == path);
        locations.iter().any(is_short) && !locations.iter().any(is_exact)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exact_location_comes_first_and_then_the_longest_prefix() {
        let location = |path, upstream| Location {
            path,
            upstream,
            error_page: None,
        };
        let locations = [
            location(PathMatch::Prefix("/a/".into()), 1),
            location(PathMatch::Exact("/a/b".into()), 2),
            location(PathMatch::Prefix("/a/b/c".into()), 3),
        ];
        for (path, expected) in [
            ("/a/b", Some(2)),
            ("/a/x", Some(1)),
            ("/a/b/c", Some(3)),
            ("/a/b/cd", Some(3)),
            ("/a", None),
            ("/", None),
        ] {
            let found = Location::of(&locations, path).map(|location| location.upstream);
            assert_eq!(found, expected, "{path}");
        }
        assert!(Location::lacks_slash(&locations, "/a"));
        assert!(
            !["/a/", "/a/b", "/b", "/"]
                .iter()
                .any(|path| Location::lacks_slash(&locations, path))
        );
        let exact = [locations[0].clone(), location(PathMatch::Exact("/a".into()), 2)];
        assert!(!Location::lacks_slash(&exact, "/a"));
    }
}
