//! What scripts of other sites may read (the Fetch standard, "CORS protocol"): clients that run in a browser need the
//! metadata, the keys, tokens and userinfo.
//!
//! Any origin may: none of these answers depends on a cookie, so a script gets nothing that its author could not get with a
//! request of their own. No answer ever allows credentials.

use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};

/// For how long a browser may remember what it was allowed, seconds.
const REMEMBERED_S: HeaderValue = HeaderValue::from_static("7200");
/// Headers of an answer that scripts need besides those that they may always read.
const EXPOSED: HeaderValue = HeaderValue::from_static("retry-after, www-authenticate, x-correlation-id");

/// Answers a browser that asks beforehand what a script may send: `OPTIONS` of what is for scripts.
pub(crate) async fn preflight() -> Response {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::NO_CONTENT;
    for (name, value) in [
        (
            header::ACCESS_CONTROL_ALLOW_METHODS,
            HeaderValue::from_static("GET, POST"),
        ),
        (
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            HeaderValue::from_static("authorization, content-type"),
        ),
        (header::ACCESS_CONTROL_MAX_AGE, REMEMBERED_S),
    ] {
        response.headers_mut().insert(name, value);
    }
    response
}

/// Lets scripts of any site read an answer.
pub(super) fn expose(headers: &mut HeaderMap) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
}
