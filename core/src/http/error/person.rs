//! Refusals that people see: pages.

use super::{Logged, RETRY_AFTER_S};
use crate::{
    flow::{App, Refusal},
    http::{
        respond,
        surface::pages::{self, Notice},
    },
};
use axum::response::Response;
use http::StatusCode;

pub(super) fn page(app: &App, refusal: Refusal, request: &Logged<'_>) -> Response {
    use Refusal as R;
    let window = app.config.limits.window.as_secs();
    let (status, name, title, text, retry_after_s) = match &refusal {
        R::Malformed(what) => (400, "malformed", "That did not work", *what, None),
        R::CrossSite => (
            403,
            "cross-site",
            "That did not work",
            "The form came from another site.",
            None,
        ),
        R::TooLarge => (413, "too-large", "That did not work", "The request is too large.", None),
        R::NotFound => (
            404,
            "not-found",
            "No such page",
            "There is nothing at this address.",
            None,
        ),
        R::MethodNotAllowed => (
            405,
            "method-not-allowed",
            "That did not work",
            "This page cannot be called in this way.",
            None,
        ),
        R::UnknownClient => (
            400,
            "unknown-client",
            "Unknown application",
            "The application that sent you here is not registered. You have not been logged in.",
            None,
        ),
        R::RedirectUri => (
            400,
            "redirect-uri",
            "Wrong return address",
            "The application that sent you here named a return address that is not registered. You have not been \
             logged in.",
            None,
        ),
        R::Expired => (
            400,
            "expired",
            "This sign-in has expired",
            "Go back to the application and start again.",
            None,
        ),
        R::OtherBrowser => (
            400,
            "other-browser",
            "This sign-in belongs to another browser",
            "It was begun in another browser, or the cookies of this one were cleared. Go back to the application and \
             start again here.",
            None,
        ),
        R::Address(_) => (
            400,
            "invalid-address",
            "Sign in",
            "That is not a mail address. Please check it.",
            None,
        ),
        R::NoCodeSent => (400, "no-code-sent", "No code yet", "Ask for a code first.", None),
        R::NotACode(_) => (400, "not-a-code", "Enter your code", "A code has six digits.", None),
        R::WrongCode(_) => (
            400,
            "wrong-code",
            "Enter your code",
            "That code is wrong, has expired or was used before.",
            None,
        ),
        R::TooManyMails => (
            429,
            "too-many-mails",
            "Too many mails",
            "So many codes were sent to this address that the next has to wait. Codes that have arrived still work.",
            Some(window),
        ),
        R::TooManyAttempts => (
            429,
            "too-many-attempts",
            "Too many attempts",
            "This sign-in has had too many wrong codes. Go back to the application and start again.",
            None,
        ),
        R::TooManyLogins => (
            429,
            "too-many-logins",
            "Too many attempts",
            "There were too many attempts to sign in at this address. Please wait before you try again.",
            Some(window),
        ),
        R::Locked => (
            429,
            "locked",
            "This address is locked",
            "There were too many wrong codes in a row. Ask the people who run this service to unlock it.",
            None,
        ),
        R::Trouble(_) => (
            503,
            "temporarily-unavailable",
            "Not available just now",
            "Something that signing in depends on does not answer. Nothing of yours is lost: wait a moment, go back \
             and try again.",
            Some(RETRY_AFTER_S),
        ),
    };
    let status = StatusCode::from_u16(status).expect("each of the above is a status");
    let trouble = match &refusal {
        R::Trouble(trouble) => Some(trouble),
        _ => None,
    };
    request.refused(name, status, trouble);
    let notice = Notice {
        name,
        title,
        text,
        correlation: request.correlation,
    };
    let mut response = match &refusal {
        R::Address(form) => pages::login(form, Some(&notice)),
        R::NotACode(form) | R::WrongCode(form) => pages::code(form, Some(&notice)),
        _ => pages::error(&notice),
    };
    *response.status_mut() = status;
    respond::retry_after(response, retry_after_s)
}
