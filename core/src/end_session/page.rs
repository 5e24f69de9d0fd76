//! The page that asks whether a person wants to be signed out.

use super::Leaving;
use crate::http::page::Page;
use axum::response::Response;
use maud::html;

/// Asks.
pub(super) fn ask(leaving: &Leaving) -> Response {
    let page = Page {
        kind: "sign-out",
        title: "Sign out?",
        error: None,
        signed_in: None,
    };
    let name = leaving.client.as_ref().map_or("An application", |client| &client.name);
    let client = leaving.client.as_ref().map(|client| client.id.as_str());
    let fields = [
        ("client_id", client),
        ("post_logout_redirect_uri", leaving.uri.as_deref()),
        ("state", leaving.state.as_deref()),
    ];
    page.render(html! {
        p { strong { (name) } " wants to sign you out here." }
        form method="post" action="/end-session/confirm" {
            @for (name, value) in fields {
                @if let Some(value) = value {
                    input type="hidden" name=(name) value=(value);
                }
            }
            button data-busy="Signing out…" { "Sign out" }
        }
        p.soft { "If you did not ask for it, close this page: you stay signed in." }
    })
}
