//! Reading requests: whatever comes, an answer goes back.

use super::{Params, RequestError};
use axum::{body::Body, extract::Request};
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, header, request::Parts};
use http_body_util::BodyExt;
use std::time::Duration;
use url::Url;

/// Largest form, in bytes.
const FORM_BYTES_MAX: usize = 64 * 1024;
/// So much of a larger one is read, and forgotten: nginx lets 1 MiB through (`client_max_body_size`).
pub(super) const DISCARDED_BYTES_MAX: usize = 2 * 1024 * 1024;
/// How long a form may take to arrive.
pub(super) const FORM_TIME_MAX: Duration = Duration::from_secs(10);

/// Why a form cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unread {
    TooLarge,
    Malformed(&'static str),
}

impl From<Unread> for RequestError {
    fn from(unread: Unread) -> RequestError {
        match unread {
            Unread::TooLarge => RequestError::TooLarge,
            Unread::Malformed(what) => RequestError::Malformed(what),
        }
    }
}

/// Reads a form.
pub(crate) async fn form(request: Request) -> Result<Params, Unread> {
    Ok(Params::parse(&form_bytes(request).await?))
}

/// Reads a form, as it was sent.
pub(crate) async fn form_bytes(request: Request) -> Result<Bytes, Unread> {
    let (parts, body) = request.into_parts();
    if !is_form(&parts.headers) {
        return Err(Unread::Malformed("the body must be application/x-www-form-urlencoded"));
    }
    bytes(body).await
}

/// Whether a body says that it is a form.
pub(crate) fn is_form(headers: &HeaderMap) -> bool {
    let kind = text(headers, header::CONTENT_TYPE).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// What is too large is read to its end all the same, as far as a balancer lets it through: who answers and closes a
/// connection on which a request is still coming looks broken to the balancer, which then turns others away.
async fn bytes(mut body: Body) -> Result<Bytes, Unread> {
    let read = async {
        let (mut kept, mut count) = (BytesMut::new(), 0);
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| Unread::Malformed("the body ended early"))?;
            let Ok(data) = frame.into_data() else { continue };
            count += data.len();
            if count <= FORM_BYTES_MAX {
                kept.extend_from_slice(&data);
            }
            if count > DISCARDED_BYTES_MAX {
                break;
            }
        }
        match count <= FORM_BYTES_MAX {
            true => Ok(kept.freeze()),
            false => Err(Unread::TooLarge),
        }
    };
    let read = tokio::time::timeout(FORM_TIME_MAX, read).await;
    read.unwrap_or(Err(Unread::Malformed("the body took too long")))
}

/// A person's form, from one of our own pages.
pub(crate) async fn own_form(issuer: &str, request: Request) -> Result<Params, RequestError> {
    if !is_own(issuer, request.headers()) {
        return Err(RequestError::CrossSite);
    }
    let form = form(request).await?;
    match form.has_repeated() {
        false => Ok(form),
        true => Err(RequestError::Malformed("a field was given more than once")),
    }
}

/// Whether a form comes from our own page, as far as the browser says. `SameSite=Lax` and the
/// binding of flows to browsers already keep other sites out; this keeps neighbouring subdomains
/// out, too. Pages are sent with `Referrer-Policy: no-referrer`, and then browsers call even their
/// own origin `null` (Fetch standard, "append a request Origin header"), so that proves nothing.
fn is_own(issuer: &str, headers: &HeaderMap) -> bool {
    if let Some(site) = text(headers, "sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    match text(headers, header::ORIGIN) {
        None | Some("null") => true,
        Some(origin) => Url::parse(issuer).is_ok_and(|issuer| issuer.origin().ascii_serialization() == origin),
    }
}

/// The parameters of the query.
pub(crate) fn query(parts: &Parts) -> Params {
    Params::parse(parts.uri.query().unwrap_or_default().as_bytes())
}

/// The one value of a header that must not come twice. Unreadable and repeated ones are `Err`.
pub(crate) fn authorization(headers: &HeaderMap) -> Result<Option<&str>, ()> {
    let mut values = headers.get_all(header::AUTHORIZATION).into_iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(one), None) => one.to_str().map(Some).map_err(|_| ()),
        _ => Err(()),
    }
}

fn text(headers: &HeaderMap, name: impl header::AsHeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
