//! Answers.

use super::RequestError;
use axum::{body::Body, response::Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use std::time::Duration;

/// For how long clients may keep public documents, seconds.
const DOCUMENT_MAX_AGE: HeaderValue = HeaderValue::from_static("public, max-age=300");

/// JSON.
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Response {
    let body = serde_json::to_vec(body).expect("what is answered here has string keys, so it encodes");
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

/// A public document in JSON, which clients may keep for five minutes.
pub(crate) fn document(body: &serde_json::Value) -> Response {
    let mut response = json(StatusCode::OK, body);
    response.headers_mut().insert(header::CACHE_CONTROL, DOCUMENT_MAX_AGE);
    response
}

/// A redirect after which the browser sends a GET (RFC 9700 section 4.12: not 307, which would post
/// the person's form to the client).
///
/// # Errors
/// The location cannot be a header. A redirect URI like that cannot have been meant.
pub(crate) fn see_other(location: &str) -> Result<Response, RequestError> {
    let location = HeaderValue::from_str(location).map_err(|_| RequestError::RedirectUri)?;
    let mut response = Response::default();
    *response.status_mut() = StatusCode::SEE_OTHER;
    response.headers_mut().insert(header::LOCATION, location);
    Ok(response)
}

/// Bytes of an answer's head as it is sent, with what hyper and the connection add to it (`Content-Length`, `Connection`).
pub(super) fn head_bytes(response: &Response) -> usize {
    /// `HTTP/1.1 200 `, the end of that line, and of the head.
    const STATUS_LINE: usize = "HTTP/1.1 200 \r\n\r\n".len();
    const ADDED: usize = "content-length: 18446744073709551615\r\nconnection: keep-alive\r\n".len();
    let reason = response.status().canonical_reason().unwrap_or_default().len();
    let lines = response.headers().iter();
    let lines = lines.map(|(name, value)| name.as_str().len() + ": \r\n".len() + value.len());
    STATUS_LINE + reason + ADDED + lines.sum::<usize>()
}

/// Adds `Retry-After`, in whole seconds.
pub(super) fn retry_after(mut response: Response, wait: Option<Duration>) -> Response {
    if let Some(wait) = wait {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs()));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_as_long_as_it_is_written() {
        let mut response = see_other("/login?flow=a").unwrap();
        response.headers_mut().append("x-b", HeaderValue::from_static("c"));
        let written = "HTTP/1.1 303 See Other\r\nlocation: /login?flow=a\r\nx-b: c\r\n\r\n";
        assert_eq!(head_bytes(&response), written.len() + 62);
    }

    #[test]
    fn a_location_that_is_no_header_is_refused() {
        assert!(see_other("/login?flow=a").is_ok());
        assert_eq!(
            see_other("https://rp.test/cb?a\nb").err(),
            Some(RequestError::RedirectUri)
        );
    }
}
