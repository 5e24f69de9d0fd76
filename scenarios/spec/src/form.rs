//! Forms: what is no form, what is too large, and what another site sends.

use crate::{
    allowed::{Allowed, Known},
    expect::Expected,
    judge::Judge,
    seen::Seen,
};

impl Judge<'_> {
    /// A form of one of our own pages. A form that another site sends is refused before anything is looked at (cross-site
    /// request forgery: RFC 9700 section 4.7, Fetch Metadata).
    pub(crate) fn own_form(&self, allowed: &mut Allowed, seen: &Seen<'_>) {
        let request = seen.exchange.request;
        let own_origin = origin(&self.index.world.issuer);
        let is_own = match (&request.fetch_site, &request.origin) {
            (Some(site), _) => matches!(site.as_str(), "same-origin" | "none"),
            (None, None) => true,
            // Pages forbid referrers, and then browsers call even their own origin `null` (Fetch standard).
            (None, Some(origin)) => origin == "null" || *origin == own_origin,
        };
        allowed.when(Known::certain(!is_own), || {
            Expected::error_page("cross-site", "RFC 9700 section 4.7: no forms from other sites", 403)
        });
        self.form(allowed, seen);
        allowed.when(Known::certain(seen.params().has_repeated()), || {
            malformed("a field was given more than once")
        });
    }

    /// Any form, for people.
    pub(crate) fn form(&self, allowed: &mut Allowed, seen: &Seen<'_>) {
        allowed.when(Known::certain(!is_form(seen)), || {
            malformed("the body must be application/x-www-form-urlencoded")
        });
        allowed.when(Known::certain(self.is_too_large(seen)), || {
            Expected::error_page("too-large", "core/LIMITS.md: bytes of a form", 413)
        });
    }

    /// Whether a form is larger than forms may be.
    pub(crate) fn is_too_large(&self, seen: &Seen<'_>) -> bool {
        seen.exchange.request.body_bytes as u64 > self.setting("bytes of a form")
    }
}

/// Whether the body says that it is a form.
pub(crate) fn is_form(seen: &Seen<'_>) -> bool {
    let kind = seen.exchange.request.content_type.as_deref().unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// The refusal of what is no proper request.
pub(crate) fn malformed(notice: &'static str) -> Expected {
    let sentence = "RFC 6749 section 3.1: each parameter once, in a form";
    Expected::error_page_with("malformed", Some(notice), sentence, 400)
}

/// The host of a URL, with its port if it has one: `login.example`.
pub(crate) fn authority(url: &str) -> String {
    url::Url::parse(url).map_or_else(|_| url.to_owned(), |url| url.authority().to_owned())
}

/// The origin of a URL: `https://login.example`.
fn origin(url: &str) -> String {
    url::Url::parse(url).map_or_else(|_| url.to_owned(), |url| url.origin().ascii_serialization())
}
