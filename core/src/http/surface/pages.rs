//! The pages. They say what is happening, and work without JavaScript.

use super::style::{SCRIPT, STYLE, policy};
use crate::flow::{Form, account::SignedIn};
use axum::{body::Body, response::Response};
use http::{HeaderValue, header};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use seams::Timestamp;
use std::time::Duration;

/// What went wrong, on a page.
pub(in crate::http) struct Notice<'a> {
    /// Stable name, for programs: `wrong-code`.
    pub(in crate::http) name: &'a str,
    /// For people.
    pub(in crate::http) title: &'a str,
    /// For people.
    pub(in crate::http) text: &'a str,
    /// What to quote when asking for help.
    pub(in crate::http) correlation: &'a str,
}

struct Page<'a> {
    kind: &'static str,
    title: &'a str,
    error: Option<&'a str>,
    signed_in: Option<bool>,
    redirect_uri: Option<&'a str>,
}

impl Page<'_> {
    fn render(&self, body: Markup) -> Response {
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
        let policy = HeaderValue::from_str(&policy(self.redirect_uri)).expect("origins and schemes are ASCII");
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        response
    }
}

fn notice(notice: Option<&Notice<'_>>) -> Markup {
    html! {
        @if let Some(notice) = notice {
            p.notice role="alert" { (notice.text) }
        }
    }
}

fn reference(notice: Option<&Notice<'_>>) -> Markup {
    html! {
        @if let Some(notice) = notice {
            p.soft { "Reference, if you ask for help: " code { (notice.correlation) } }
        }
    }
}

/// Where the person says who they are.
pub(in crate::http) fn login(form: &Form, error: Option<&Notice<'_>>) -> Response {
    let page = Page {
        kind: "login",
        title: "Sign in",
        error: error.map(|e| e.name),
        signed_in: None,
        redirect_uri: Some(&form.redirect_uri),
    };
    page.render(html! {
        p { "to continue to " strong { (form.client_name) } }
        (notice(error))
        form method="post" action="/login/send" {
            input type="hidden" name="flow" value=(form.flow);
            label for="address" { "Mail address" }
            input #address type="email" name="address" value=(form.address) required autocomplete="email" autofocus
                maxlength="254";
            button data-busy="Sending code…" { "Send login code" }
        }
        p.soft { "You will get a mail with a code of six digits. There is no password." }
        (reference(error))
    })
}

/// Where the person types the code.
pub(in crate::http) fn code(form: &Form, error: Option<&Notice<'_>>) -> Response {
    let page = Page {
        kind: "code",
        title: "Enter your code",
        error: error.map(|e| e.name),
        signed_in: None,
        redirect_uri: Some(&form.redirect_uri),
    };
    page.render(html! {
        // Whether anybody has this address is not for the page to say.
        p { "If " strong { (form.address) } " may sign in here, a mail with a code is on its way." }
        (notice(error))
        form method="post" action="/login/verify" {
            input type="hidden" name="flow" value=(form.flow);
            label for="code" { "Code of six digits" }
            input #code .code name="code" inputmode="numeric" pattern="[0-9 \\-]*" required autocomplete="one-time-code"
                autofocus maxlength="12";
            button data-busy="Checking…" { "Sign in" }
        }
        form method="post" action="/login/send" {
            input type="hidden" name="flow" value=(form.flow);
            input type="hidden" name="address" value=(form.address);
            button.plain data-busy="Sending code…" { "Send another code" }
        }
        p.soft {
            "Any code that you got for this sign-in works, not just the last. "
            a href={ "/login?flow=" (form.flow) } { "Use another address" }
        }
        (reference(error))
    })
}

/// What went wrong, when there is nothing to do about it on this page.
pub(in crate::http) fn error(what: &Notice<'_>) -> Response {
    let page = Page {
        kind: "error",
        title: what.title,
        error: Some(what.name),
        signed_in: None,
        redirect_uri: None,
    };
    page.render(html! {
        p.notice role="alert" { (what.text) }
        (reference(Some(what)))
    })
}

/// Who is logged in here.
pub(in crate::http) fn account(signed_in: Option<&SignedIn>, now: Timestamp) -> Response {
    let page = Page {
        kind: "account",
        title: if signed_in.is_some() {
            "You are signed in"
        } else {
            "You are not signed in"
        },
        error: None,
        signed_in: Some(signed_in.is_some()),
        redirect_uri: None,
    };
    page.render(match signed_in {
        None => html! {
            p { "Go to the application that you want to use: it sends you here to sign in." }
        },
        Some(SignedIn { session, user }) => html! {
            dl {
                dt { "Name" } dd { (user.name) }
                dt { "Mail" } dd { (user.address) }
                dt { "Signed in" } dd { (span(now.since(session.authenticated_at))) " ago" }
                dt { "Ends in" } dd { (span(session.expires_at.since(now))) }
            }
            form method="post" action="/logout" {
                button.plain data-busy="Signing out…" { "Sign out" }
            }
        },
    })
}

fn span(length: Duration) -> String {
    let minutes = length.as_secs() / 60;
    match (minutes / 60, minutes % 60) {
        (0, 0) => "less than a minute".into(),
        (0, minutes) => format!("{minutes} min"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}
