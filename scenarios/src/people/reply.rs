//! A parsed answer to a browser.

use crate::{
    people::{answer, jar::SentFrom, page::Page},
    vocabulary::Seen,
};
use http::{header, response::Parts};
use seams::{Cause, Failure, Outcome};
use std::sync::Arc;
use url::Url;

/// A navigation, from a link, a form or the address bar through all redirects.
#[derive(Debug, Clone)]
pub(crate) struct Navigation {
    /// Where it comes from.
    pub(crate) from: SentFrom,
    /// The session that the browser had when it began, or got on the way. One that another tab has got meanwhile is no concern
    /// of it.
    pub(crate) session: Option<String>,
}

impl Default for Navigation {
    fn default() -> Navigation {
        Navigation {
            from: SentFrom::ThisSite,
            session: None,
        }
    }
}

/// A parsed answer.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    /// The URL of the request.
    pub(crate) url: Url,
    /// The navigation that it answers.
    pub(crate) navigation: Navigation,
    /// Its status.
    pub(crate) status: u16,
    /// The URL to which it redirects the browser, if it does.
    pub(crate) location: Option<Url>,
    /// Its page; empty if its body is not HTML.
    pub(crate) page: Arc<Page>,
    /// The `Origin` that a form on this page is sent with.
    pub(crate) form_origin: String,
    /// The destinations that forms on this page may have, redirects included: `form-action` of its policy.
    pub(crate) form_action: Option<String>,
    /// `form-action` of the page whose form this answers.
    pub(crate) bound_by: Option<String>,
}

/// The end of a chain of redirects.
#[derive(Debug)]
pub(crate) enum Landing {
    /// A page of the service.
    Page(Box<Reply>),
    /// A URL of another origin: a relying party's.
    Foreign(Url),
}

impl Reply {
    /// Parses an answer to a request for `url`.
    ///
    /// # Errors
    /// `Unknown` if it redirects to an invalid URL.
    pub(crate) fn read(url: &Url, head: &Parts, body: &[u8]) -> Outcome<Reply> {
        let text = |name: header::HeaderName| head.headers.get(name).and_then(|v| v.to_str().ok());
        let html = text(header::CONTENT_TYPE).is_some_and(|t| t.starts_with("text/html"));
        let location = match text(header::LOCATION) {
            Some(to) if head.status.is_redirection() => {
                let to = resolve(url, to);
                Some(to.map_err(|e| Failure::Unknown(e.cause().clone()))?)
            }
            _ => None,
        };
        // Fetch, "append a request Origin header": a page that forbids referrers posts its forms with `Origin: null`,
        // even to its own origin.
        let form_origin = match text(header::REFERRER_POLICY) {
            Some("no-referrer") => "null".to_owned(),
            _ => url.origin().ascii_serialization(),
        };
        let form_action = text(header::CONTENT_SECURITY_POLICY)
            .and_then(|policy| policy.split(';').find_map(|d| d.trim().strip_prefix("form-action ")));
        Ok(Reply {
            url: url.clone(),
            navigation: Navigation::default(),
            status: head.status.as_u16(),
            location,
            page: match head.extensions.get::<Arc<Page>>() {
                Some(read) => read.clone(),
                None if html => Arc::new(Page::parse(&String::from_utf8_lossy(body))),
                None => Arc::default(),
            },
            form_origin,
            form_action: form_action.map(str::to_owned),
            bound_by: None,
        })
    }

    /// Its outcome if it is neither a success nor a redirect.
    pub(crate) fn trouble(&self) -> Option<Seen> {
        answer::trouble(self.status, self.page.error.as_deref())
    }

    /// Whether it redirects the browser to this path.
    pub(crate) fn leads_to(&self, path: &str) -> bool {
        self.location.as_ref().is_some_and(|to| to.path() == path)
    }

    /// Whether it is the page of this name.
    pub(crate) fn is(&self, page: &str) -> bool {
        self.page.name.as_deref() == Some(page)
    }

    /// The outcome of a success other than the expected one. Repeating the request would not help: see
    /// [`answer::worth_another_try`].
    pub(crate) fn unexpected(&self) -> Seen {
        let what = match (&self.location, &self.page.name) {
            (Some(to), _) => format!("a redirect to {}", to.path()),
            (None, Some(page)) => format!("the page {page}"),
            (None, None) => "something else".into(),
        };
        Seen::Unknown(format!(
            "unexpected answer {} at {}: {what}",
            self.status,
            self.url.path()
        ))
    }
}

/// Resolves a URL reference against the URL of its page.
///
/// # Errors
/// `Fail` if it is not a valid URL.
pub(crate) fn resolve(base: &Url, reference: &str) -> Outcome<Url> {
    base.join(reference)
        .map_err(|e| Failure::Fail(Cause::Protocol(format!("{reference}: {e}"))))
}
