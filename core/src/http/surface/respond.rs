//! Answers.

use crate::{flow::Refusal, http::error::Rejected};
use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

/// JSON.
pub(in crate::http) fn json(status: StatusCode, body: &impl Serialize) -> Response {
    let body = serde_json::to_vec(body).expect("what is answered here has string keys, so it encodes");
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

/// A redirect after which the browser sends a GET (RFC 9700 section 4.12: not 307, which would post
/// the person's form to the client).
pub(in crate::http) fn see_other(location: &str) -> Response {
    // A redirect URI that cannot be a header cannot have been meant.
    let Ok(location) = HeaderValue::from_str(location) else {
        return Rejected::Page(Refusal::RedirectUri).into_response();
    };
    let mut response = Response::default();
    *response.status_mut() = StatusCode::SEE_OTHER;
    response.headers_mut().insert(header::LOCATION, location);
    response
}

/// Adds `Retry-After`, in seconds.
pub(in crate::http) fn retry_after(mut response: Response, seconds: Option<u64>) -> Response {
    if let Some(seconds) = seconds {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}
