//! The pages of this way to log in.

use crate::{
    authorize::LoginView,
    http::page::{Notice, Page, notice, reference},
};
use axum::response::Response;
use maud::{Markup, html};

/// Its part of the login page.
pub(super) fn offer(view: &LoginView) -> Markup {
    html! {
        form method="post" action="/login/send" {
            input type="hidden" name="flow" value=(view.flow);
            label for="address" { "Mail address" }
            input #address type="email" name="address" value=(view.address) required autocomplete="email" autofocus
                maxlength="254";
            button data-busy="Sending code…" { "Send login code" }
        }
        p.soft { "You will get a mail with a code of eight digits. There is no password." }
    }
}

/// Where the person types the code.
pub(super) fn code(view: &LoginView, error: Option<&Notice<'_>>) -> Response {
    let page = Page {
        kind: "code",
        title: "Enter your code",
        error: error.map(|e| e.name),
        signed_in: None,
    };
    page.render(html! {
        // Whether anybody has this address is not for the page to say.
        p { "If " strong { (view.address) } " may sign in here, a mail with a code is on its way." }
        (notice(error))
        form method="post" action="/login/verify" {
            input type="hidden" name="flow" value=(view.flow);
            label for="code" { "Code of eight digits" }
            input #code .code name="code" inputmode="numeric" pattern="[0-9 \\-]*" required autocomplete="one-time-code"
                autofocus maxlength="16";
            button data-busy="Checking…" { "Sign in" }
        }
        form method="post" action="/login/send" {
            input type="hidden" name="flow" value=(view.flow);
            input type="hidden" name="address" value=(view.address);
            button.plain data-busy="Sending code…" { "Send another code" }
        }
        p.soft {
            "Any code that you got for this sign-in works, not just the last. "
            a href={ "/login?flow=" (view.flow) } { "Use another address" }
        }
        (reference(error))
    })
}
