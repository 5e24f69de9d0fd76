//! The frame of all pages. Pages say what is happening, and work without JavaScript.

use super::style::{POLICY, SCRIPT, STYLE};
use axum::{body::Body, response::Response};
use http::{HeaderValue, header};
use maud::{DOCTYPE, Markup, PreEscaped, html};

/// What went wrong, on a page.
pub(crate) struct Notice<'a> {
    /// Stable name, for programs: `wrong-code`.
    pub(crate) name: &'a str,
    /// For people.
    pub(crate) text: &'a str,
    /// What to quote when asking for help.
    pub(crate) correlation: &'a str,
}

/// A page, without its body.
pub(crate) struct Page<'a> {
    /// Stable name, for programs: `login`.
    pub(crate) kind: &'static str,
    /// For people.
    pub(crate) title: &'a str,
    /// Stable name of what went wrong.
    pub(crate) error: Option<&'a str>,
    /// Whether somebody is logged in, on the page that says so.
    pub(crate) signed_in: Option<bool>,
}

impl Page<'_> {
    /// The whole page.
    pub(crate) fn render(&self, body: Markup) -> Response {
        let html = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="robots" content="noindex";
                    title { (self.title) }
                    link rel="icon" href="data:,";
                    style { (PreEscaped(STYLE)) }
                }
                body {
                    main data-page=(self.kind) data-error=[self.error] data-signed-in=[self.signed_in] {
                        h1 { (self.title) }
                        (body)
                    }
                    script { (PreEscaped(SCRIPT)) }
                }
            }
        };
        let mut response = Response::new(Body::from(html.into_string()));
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/html; charset=utf-8"),
        );
        headers.insert(header::CONTENT_SECURITY_POLICY, POLICY.clone());
        response
    }
}

/// What went wrong, above a form.
pub(crate) fn notice(notice: Option<&Notice<'_>>) -> Markup {
    html! {
        @if let Some(notice) = notice {
            p.notice role="alert" { (notice.text) }
        }
    }
}

/// What to quote when asking for help, at the end of a page on which something went wrong.
pub(crate) fn reference(notice: Option<&Notice<'_>>) -> Markup {
    html! {
        @if let Some(notice) = notice {
            p.soft { "Reference, if you ask for help: " code { (notice.correlation) } }
        }
    }
}

/// What went wrong, when there is nothing to do about it on this page.
pub(crate) fn error(title: &str, what: &Notice<'_>) -> Response {
    let page = Page {
        kind: "error",
        title,
        error: Some(what.name),
        signed_in: None,
    };
    page.render(html! {
        p.notice role="alert" { (what.text) }
        (reference(Some(what)))
    })
}
