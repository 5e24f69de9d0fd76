//! The login page: who is asked for, and the ways to log in.

use super::LoginView;
use crate::{
    http::page::{Notice, Page, notice, reference},
    session::SignedIn,
};
use axum::response::Response;
use maud::{Markup, html};

/// A way to log in, as the login page offers it. [`crate::registry::WAYS`] lists them all.
#[derive(Debug, Clone, Copy)]
pub struct Way {
    /// Stable name: `mailed-code`.
    pub name: &'static str,
    /// Its part of the login page: a form of its own.
    pub offer: fn(&LoginView) -> Markup,
}

/// Where the person says who they are.
pub(crate) fn login(view: &LoginView, error: Option<&Notice<'_>>) -> Response {
    let page = Page {
        kind: "login",
        title: "Sign in",
        error: error.map(|e| e.name),
        signed_in: None,
    };
    page.render(html! {
        p { "to continue to " strong { (view.client_name) } }
        (notice(error))
        @for way in view.ways {
            ((way.offer)(view))
        }
        (reference(error))
    })
}

/// Where the person says that they want to go on to the client.
pub(super) fn consent(view: &LoginView, signed_in: &SignedIn) -> Response {
    let title = format!("Continue to {}?", view.client_name);
    let page = Page {
        kind: "consent",
        title: &title,
        error: None,
        signed_in: None,
    };
    page.render(html! {
        p { "You are signed in as " strong { (signed_in.user.address) } }
        form method="post" action="/login/consent" {
            input type="hidden" name="flow" value=(view.flow);
            button data-busy="Continuing…" { "Continue" }
        }
        p.soft { "If you did not start this yourself, close this page." }
    })
}
