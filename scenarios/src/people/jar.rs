//! A browser's cookies, for one origin (RFC 6265, and the prefixes and `SameSite` of RFC 6265bis sections 4.1.2.7 and 4.1.3).

use cookie::SameSite;
use http::Method;
use seams::Timestamp;
use std::{collections::BTreeMap, time::Duration};
use url::Url;

/// The cookies that a browser keeps. Every simulated request is a top-level navigation, so that all cookies of its answer are
/// kept, wherever it came from (RFC 6265bis section 5.7).
#[derive(Debug, Default)]
pub(crate) struct Jar {
    kept: BTreeMap<(String, String), Kept>, // by name and path
    created: u64,
}

#[derive(Debug)]
struct Kept {
    value: String,
    secure: bool,
    same_site: SameSite,
    expires_at: Option<Timestamp>,
    /// The how manieth cookie it was. One that replaces another takes its place (RFC 6265 section 5.3, step 11.3).
    created: u64,
}

/// Where a top-level navigation comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SentFrom {
    /// Another site, which has a link or a form.
    Elsewhere,
    /// One of the service's own pages, or the address bar.
    ThisSite,
}

/// The effect of a `Set-Cookie` header.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Stored {
    /// The cookie is kept.
    Kept,
    /// It deleted a cookie that was there.
    Deleted {
        /// The cookie's name.
        name: String,
        /// The value that it had.
        value: String,
    },
    /// Browsers ignore the header, for this reason.
    Ignored(&'static str),
}

impl Jar {
    /// Applies a `Set-Cookie` header of the answer to a request for `url`.
    pub(crate) fn store(&mut self, header: &str, url: &Url, now: Timestamp) -> Stored {
        let Ok(cookie) = cookie::Cookie::parse(header) else {
            return Stored::Ignored("malformed");
        };
        let https = url.scheme() == "https";
        let secure = cookie.secure().unwrap_or(false);
        let path = match cookie.path() {
            Some(path) if path.starts_with('/') => path.to_owned(),
            _ => default_path(url.path()),
        };
        if secure && !https {
            return Stored::Ignored("Secure over http");
        }
        // Browsers treat a cookie that says nothing as `Lax`. Chromium sends such a one with forms of other sites for two minutes
        // all the same; that is not modelled.
        let same_site = cookie.same_site().unwrap_or(SameSite::Lax);
        if same_site == SameSite::None && !secure {
            return Stored::Ignored("SameSite=None without Secure");
        }
        let lower = cookie.name().to_ascii_lowercase();
        if lower.starts_with("__secure-") && !secure {
            return Stored::Ignored("__Secure- without Secure");
        }
        if lower.starts_with("__host-") && (!secure || cookie.path() != Some("/") || cookie.domain().is_some()) {
            return Stored::Ignored("__Host- without Secure and Path=/, or with Domain");
        }
        if let Some(domain) = cookie.domain()
            && url.host_str() != Some(domain.trim_start_matches('.'))
        {
            return Stored::Ignored("another domain");
        }
        // Max-Age wins over Expires (RFC 6265 section 4.1.2.2).
        let expires_at = match (cookie.max_age(), cookie.expires_datetime()) {
            (Some(age), _) => Some(now + Duration::from_secs(age.whole_seconds().max(0) as u64)),
            (None, Some(at)) => Some(Timestamp((at.unix_timestamp().max(0) as u64).saturating_mul(1000))),
            (None, None) => None,
        };
        let key = (cookie.name().to_owned(), path);
        if expires_at.is_some_and(|at| at <= now) {
            return match self.kept.remove(&key) {
                Some(kept) if !kept.expired(now) => Stored::Deleted {
                    name: key.0,
                    value: kept.value,
                },
                _ => Stored::Ignored("deletes what is not there"),
            };
        }
        let value = cookie.value().to_owned();
        let replaced = self.kept.get(&key).filter(|kept| !kept.expired(now));
        let created = replaced.map_or(self.created, |kept| kept.created);
        self.created += 1;
        self.kept.insert(
            key,
            Kept {
                value,
                secure,
                same_site,
                expires_at,
                created,
            },
        );
        Stored::Kept
    }

    /// The `Cookie` header for a top-level navigation: longer paths first, and of equally long ones the oldest (RFC 6265 section
    /// 5.4).
    pub(crate) fn header(&self, url: &Url, method: &Method, from: SentFrom, now: Timestamp) -> Option<String> {
        let mut fit: Vec<_> = self
            .kept
            .iter()
            .filter(|((_, path), kept)| {
                !kept.expired(now)
                    && path_matches(url.path(), path)
                    && (!kept.secure || url.scheme() == "https")
                    && kept.goes_with(method, from)
            })
            .collect();
        fit.sort_by_key(|((_, path), kept)| (std::cmp::Reverse(path.len()), kept.created));
        let pairs: Vec<_> = fit
            .iter()
            .map(|((name, _), kept)| format!("{name}={}", kept.value))
            .collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// The value of an unexpired cookie, whatever its path.
    pub(crate) fn get(&self, name: &str, now: Timestamp) -> Option<&str> {
        self.kept
            .iter()
            .find(|((kept_name, _), kept)| kept_name == name && !kept.expired(now))
            .map(|(_, kept)| kept.value.as_str())
    }
}

impl Kept {
    fn expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }

    /// Whether its `SameSite` lets it go with a top-level navigation (RFC 6265bis sections 5.8.3 and 4.1.2.7). Safe methods are
    /// those of RFC 9110 section 9.2.1.
    fn goes_with(&self, method: &Method, from: SentFrom) -> bool {
        match (from, self.same_site) {
            (SentFrom::ThisSite, _) | (_, SameSite::None) => true,
            (SentFrom::Elsewhere, SameSite::Lax) => method.is_safe(),
            (SentFrom::Elsewhere, SameSite::Strict) => false,
        }
    }
}

/// The default path of a cookie (RFC 6265 section 5.1.4).
fn default_path(of: &str) -> String {
    match of.rfind('/') {
        None | Some(0) => "/".into(),
        Some(end) => of[..end].into(),
    }
}

/// Whether a request's path matches a cookie's path (RFC 6265 section 5.1.4).
fn path_matches(request: &str, cookie: &str) -> bool {
    request
        .strip_prefix(cookie)
        .is_some_and(|rest| rest.is_empty() || cookie.ends_with('/') || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_790_000_000_000);

    fn page(path: &str) -> Url {
        Url::parse("https://login.example").unwrap().join(path).unwrap()
    }

    /// What goes with a request from one of the site's own pages.
    fn sent(jar: &Jar, url: &Url, now: Timestamp) -> Option<String> {
        jar.header(url, &Method::GET, SentFrom::ThisSite, now)
    }

    fn jar(headers: &[&str]) -> Jar {
        let mut jar = Jar::default();
        for header in headers {
            assert_eq!(jar.store(header, &page("/"), NOW), Stored::Kept, "{header}");
        }
        jar
    }

    #[test]
    fn keeps_and_sends_by_path() {
        let jar = jar(&["a=1; Path=/", "b=2; Path=/login", "c=3; Path=/login/code; Secure"]);
        for (path, expected) in [
            ("/", Some("a=1")),
            ("/login", Some("b=2; a=1")),
            ("/login/code?flow=f", Some("c=3; b=2; a=1")),
            ("/loginx", Some("a=1")),
        ] {
            assert_eq!(sent(&jar, &page(path), NOW).as_deref(), expected, "{path}");
        }
        let in_clear = Url::parse("http://login.example/login/code").unwrap();
        assert_eq!(
            sent(&jar, &in_clear, NOW).as_deref(),
            Some("b=2; a=1"),
            "a Secure cookie stays off http"
        );
    }

    #[test]
    fn a_path_left_out_is_the_pages_folder() {
        let mut jar = Jar::default();
        jar.store("a=1", &page("/login/code"), NOW);
        assert_eq!(sent(&jar, &page("/login/verify"), NOW).as_deref(), Some("a=1"));
        assert_eq!(sent(&jar, &page("/"), NOW), None);
    }

    #[test]
    fn forgets_on_time_and_on_demand() {
        let mut jar = jar(&[
            "short=1; Path=/; Max-Age=10",
            "long=2; Path=/; Expires=Wed, 01 Jan 2098 00:00:00 GMT",
        ]);
        let later = NOW + Duration::from_secs(10);
        assert_eq!(jar.get("short", Timestamp(later.0 - 1)), Some("1"));
        assert_eq!(jar.get("short", later), None);
        assert_eq!(sent(&jar, &page("/"), later).as_deref(), Some("long=2"));
        let gone = jar.store("long=; Path=/; Max-Age=0", &page("/"), NOW);
        assert_eq!(
            gone,
            Stored::Deleted {
                name: "long".into(),
                value: "2".into()
            }
        );
        assert_eq!(jar.get("long", NOW), None);
    }

    #[test]
    fn the_oldest_go_first_and_a_replaced_one_keeps_its_place() {
        let mut jar = jar(&[
            "b=1; Path=/",
            "a=2; Path=/",
            "c=3; Path=/login",
            "d=4; Path=/",
            "b=5; Path=/",
        ]);
        let all = |jar: &Jar| sent(jar, &page("/login"), NOW).unwrap();
        assert_eq!(all(&jar), "c=3; b=5; a=2; d=4");
        jar.store("b=; Path=/; Max-Age=0", &page("/"), NOW);
        jar.store("b=6; Path=/", &page("/"), NOW);
        assert_eq!(all(&jar), "c=3; a=2; d=4; b=6", "one that was deleted is a new one");
    }

    #[test]
    fn what_another_site_sends_comes_with_what_same_site_allows() {
        let jar = jar(&[
            "none=1; Path=/; SameSite=None; Secure",
            "lax=2; Path=/; SameSite=Lax",
            "strict=3; Path=/; SameSite=Strict",
            "silent=4; Path=/",
        ]);
        for (method, from, expected) in [
            (Method::POST, SentFrom::ThisSite, "none=1; lax=2; strict=3; silent=4"),
            (Method::GET, SentFrom::ThisSite, "none=1; lax=2; strict=3; silent=4"),
            (Method::GET, SentFrom::Elsewhere, "none=1; lax=2; silent=4"),
            (Method::HEAD, SentFrom::Elsewhere, "none=1; lax=2; silent=4"),
            (Method::POST, SentFrom::Elsewhere, "none=1"),
        ] {
            let sent = jar.header(&page("/"), &method, from, NOW);
            assert_eq!(sent.as_deref(), Some(expected), "{method} {from:?}");
        }
    }

    #[test]
    fn every_way_to_delete_deletes() {
        for header in [
            "s=; Path=/; Max-Age=0",
            "s=; Path=/; Max-Age=-1",
            "s=x; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
        ] {
            let mut jar = jar(&["s=v; Path=/"]);
            assert!(
                matches!(jar.store(header, &page("/"), NOW), Stored::Deleted { .. }),
                "{header}"
            );
        }
        let mut kept = jar(&["s=v; Path=/login"]);
        assert_eq!(
            kept.store("s=; Path=/; Max-Age=0", &page("/"), NOW),
            Stored::Ignored("deletes what is not there"),
            "another path is another cookie"
        );
        assert_eq!(kept.get("s", NOW), Some("v"));
    }

    #[test]
    fn ignores_what_browsers_ignore() {
        for header in [
            "__Host-s=1; Path=/",
            "__Host-s=1; Secure",
            "__Host-s=1; Secure; Path=/login",
            "__Host-s=1; Secure; Path=/; Domain=login.example",
            "__host-s=1; Path=/",
            "__Secure-s=1; Path=/",
            "s=1; Domain=app.example",
            "s=1; Path=/; SameSite=None",
            "=; nonsense",
        ] {
            let mut jar = Jar::default();
            assert!(
                matches!(jar.store(header, &page("/"), NOW), Stored::Ignored(_)),
                "{header}"
            );
        }
        let mut jar = Jar::default();
        let http = Url::parse("http://login.example/").unwrap();
        assert_eq!(
            jar.store("s=1; Secure", &http, NOW),
            Stored::Ignored("Secure over http")
        );
        assert_eq!(
            jar.store("__Host-s=1; Secure; HttpOnly; SameSite=Lax; Path=/", &page("/x"), NOW),
            Stored::Kept
        );
    }
}
