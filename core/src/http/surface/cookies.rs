//! The two cookies: the browser's, to which logins in progress are bound, and the session's.

use super::{App, Correlation};
use crate::flow::Caller;
use axum::{extract::FromRequestParts, response::Response};
use cookie::Cookie;
use http::{HeaderMap, HeaderValue, header, request::Parts};
use std::{convert::Infallible, sync::Arc, time::Duration};

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Jar {
    Browser,
    Session,
}

impl Jar {
    /// With TLS, `__Host-` keeps a neighbouring subdomain from planting one (RFC 6265bis section
    /// 4.1.3.2). Without TLS, on a developer's machine, browsers would not accept it.
    fn name(self, app: &App) -> &'static str {
        match (self, secure(app)) {
            (Jar::Browser, true) => "__Host-browser",
            (Jar::Browser, false) => "browser",
            (Jar::Session, true) => "__Host-session",
            (Jar::Session, false) => "session",
        }
    }
}

fn secure(app: &App) -> bool {
    app.config.issuer.starts_with("https://")
}

/// Sets a cookie. `Lax`: it comes along when a client sends a person here, and not with a form that
/// another site posts.
pub(super) fn set(app: &App, response: &mut Response, jar: Jar, value: &str, max_age: Duration) {
    let tail = if secure(app) { "; Secure" } else { "" };
    let cookie = format!(
        "{}={value}; Path=/; Max-Age={}; HttpOnly; SameSite=Lax{tail}",
        jar.name(app),
        max_age.as_secs()
    );
    let cookie = HeaderValue::from_str(&cookie).expect("cookies are base64url");
    response.headers_mut().append(header::SET_COOKIE, cookie);
}

/// Deletes a cookie.
pub(super) fn delete(app: &App, response: &mut Response, jar: Jar) {
    set(app, response, jar, "", Duration::ZERO);
}

fn get(app: &App, headers: &HeaderMap, jar: Jar) -> Option<String> {
    let texts = headers
        .get_all(header::COOKIE)
        .into_iter()
        .filter_map(|h| h.to_str().ok());
    texts
        .flat_map(|text| Cookie::split_parse(text).flatten())
        .find(|cookie| cookie.name() == jar.name(app))
        .map(|cookie| cookie.value().to_owned())
}

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Caller, Infallible> {
        let correlation = parts.extensions.get::<Correlation>();
        Ok(Caller {
            correlation: correlation.map(|c| c.0.clone()).unwrap_or_default(),
            browser: get(app, &parts.headers, Jar::Browser),
            session: get(app, &parts.headers, Jar::Session),
        })
    }
}
