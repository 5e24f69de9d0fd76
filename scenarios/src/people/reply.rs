//! An answer to a browser, read.

use crate::{
    people::{answer, page::Page},
    vocabulary::Seen,
};
use http::{header, response::Parts};
use seams::{Cause, Failure, Outcome};
use url::Url;

/// An answer, read.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    /// What was asked for.
    pub(crate) url: Url,
    /// Its status.
    pub(crate) status: u16,
    /// Where it sends the browser, if it does.
    pub(crate) location: Option<Url>,
    /// What is on the page; empty if it is none.
    pub(crate) page: Page,
    /// The `Origin` that a form on this page is sent with.
    pub(crate) form_origin: String,
    /// Where forms on this page may lead, redirects included: the policy's `form-action`.
    pub(crate) form_action: Option<String>,
    /// The `form-action` of the page whose form this answers.
    pub(crate) bound_by: Option<String>,
}

/// Where a chain of redirects ends.
#[derive(Debug)]
pub(crate) enum Landing {
    /// On a page of the service.
    Page(Box<Reply>),
    /// At somebody else's URL: a relying party's.
    Foreign(Url),
}

impl Reply {
    /// Reads an answer to a request for `url`.
    ///
    /// # Errors
    /// It redirects to what is no URL.
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
        // Fetch, "append a request Origin header": a page that forbids referrers posts its forms
        // with `Origin: null`, even to itself.
        let form_origin = match text(header::REFERRER_POLICY) {
            Some("no-referrer") => "null".to_owned(),
            _ => url.origin().ascii_serialization(),
        };
        let form_action = text(header::CONTENT_SECURITY_POLICY)
            .and_then(|policy| policy.split(';').find_map(|d| d.trim().strip_prefix("form-action ")));
        Ok(Reply {
            url: url.clone(),
            status: head.status.as_u16(),
            location,
            page: if html {
                Page::parse(&String::from_utf8_lossy(body))
            } else {
                Page::default()
            },
            form_origin,
            form_action: form_action.map(str::to_owned),
            bound_by: None,
        })
    }

    /// What was wrong with it, unless it is a success or a redirect.
    pub(crate) fn trouble(&self) -> Option<Seen> {
        answer::trouble(self.status, self.page.error.as_deref())
    }

    /// Whether it sends the browser to this path.
    pub(crate) fn leads_to(&self, path: &str) -> bool {
        self.location.as_ref().is_some_and(|to| to.path() == path)
    }

    /// Whether it is the page of this name.
    pub(crate) fn is(&self, page: &str) -> bool {
        self.page.name.as_deref() == Some(page)
    }

    /// For a success that is not the one expected. Doing the same again would be no use, see
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

/// Resolves a reference against the page it stands on.
///
/// # Errors
/// `Fail`: it is no URL.
pub(crate) fn resolve(base: &Url, reference: &str) -> Outcome<Url> {
    base.join(reference)
        .map_err(|e| Failure::Fail(Cause::Protocol(format!("{reference}: {e}"))))
}
