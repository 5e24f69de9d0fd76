//! The account page.

use super::SignedIn;
use crate::http::page::Page;
use axum::response::Response;
use maud::html;
use seams::Timestamp;
use std::time::Duration;

/// Who is logged in here.
pub(super) fn account(signed_in: Option<&SignedIn>, now: Timestamp) -> Response {
    let page = Page {
        kind: "account",
        title: if signed_in.is_some() {
            "You are signed in"
        } else {
            "You are not signed in"
        },
        error: None,
        signed_in: Some(signed_in.is_some()),
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
