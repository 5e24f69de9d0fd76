//! One request: read completely, sent to the upstream of its location, answered.

use super::{
    ForwardedFor, Location, NginxConfig, Observer,
    body::Relayed,
    head::{RequestBuffers, TooLarge},
    keepalive::Idle,
    upstream::{Ended, GivenUp, Upstream},
};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, header, request};
use http_body_util::{BodyExt, Either, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use seams::Env;
use std::{net::IpAddr, sync::Arc};

pub(super) type Answer = Response<Either<Full<Bytes>, Relayed>>;

pub(super) struct Proxy {
    config: Arc<NginxConfig>,
    observer: Observer,
    upstreams: Vec<Upstream>,
}

/// The answer was not HTTP. nginx takes it for HTTP/0.9, which has no head, and passes it on (measured). hyper cannot send
/// such an answer, so the client's connection is closed, which is not a valid answer either.
#[derive(Debug, thiserror::Error)]
#[error("the upstream's answer is not HTTP")]
pub(super) struct NotHttp;

/// Hop-by-hop headers (RFC 9110 section 7.6.1), and those that nginx sets for each upstream.
const HOP_BY_HOP: [HeaderName; 6] = [
    header::CONNECTION,
    header::TRANSFER_ENCODING,
    header::TE,
    header::UPGRADE,
    header::EXPECT,
    header::CONTENT_LENGTH,
];

/// Header lines that must not come twice. nginx refuses the request without asking anybody (`ngx_http_headers_in`; measured).
const UNIQUE: [HeaderName; 10] = [
    header::AUTHORIZATION,
    header::CONTENT_LENGTH,
    header::CONTENT_RANGE,
    header::EXPECT,
    header::HOST,
    header::IF_MATCH,
    header::IF_MODIFIED_SINCE,
    header::IF_NONE_MATCH,
    header::IF_RANGE,
    header::IF_UNMODIFIED_SINCE,
];

impl Proxy {
    pub(super) fn new(env: Env, config: NginxConfig, observer: Observer) -> Proxy {
        let config = Arc::new(config);
        let upstreams = config.upstreams.iter();
        Proxy {
            upstreams: upstreams.map(|servers| Upstream::new(&env, &config, servers)).collect(),
            config,
            observer,
        }
    }

    /// The idle connections to each `upstream` block.
    pub(super) fn idle(&self) -> impl Iterator<Item = &Idle> {
        self.upstreams.iter().map(|upstream| &upstream.idle)
    }

    /// Answers one request of a client. The future is dropped when the client closes its connection: then the connection to
    /// the upstream is closed, and the upstream may execute the request nevertheless.
    pub(super) async fn answer(&self, client: IpAddr, request: Request<Incoming>) -> Result<Answer, NotHttp> {
        let (mut head, body) = request.into_parts();
        // nginx reads the whole request before it sends it to an upstream (proxy_request_buffering), and to its end what it
        // has refused (lingering_close)
        let body = Limited::new(body, self.config.body_bytes_max).collect().await;
        match self.check(&head) {
            Ok(()) => {}
            Err(TooLarge::RequestLine) => return Ok(refused("414 Request-URI Too Large", StatusCode::URI_TOO_LONG)),
            Err(TooLarge::Headers) => {
                const TITLE: &str = "400 Request Header Or Cookie Too Large";
                return Ok(refused(TITLE, StatusCode::BAD_REQUEST));
            }
        }
        if UNIQUE.iter().any(|name| head.headers.get_all(name).iter().count() > 1) {
            return Ok(refused("400 Bad Request", StatusCode::BAD_REQUEST));
        }
        let body = match body {
            Ok(body) => body.to_bytes(),
            Err(error) if error.is::<LengthLimitError>() => return Ok(page(StatusCode::PAYLOAD_TOO_LARGE)),
            Err(_) => return Ok(page(StatusCode::BAD_REQUEST)),
        };
        if Location::lacks_slash(&self.config.locations, head.uri.path()) {
            return Ok(with_slash(&head));
        }
        self.forward(&mut head.headers, client);
        let location = Location::of(&self.config.locations, head.uri.path());
        let (first, error_page) = location.map_or((0, None), |location| (location.upstream, location.error_page));
        let mut status = StatusCode::BAD_GATEWAY;
        // The error page gets the request as it is, once more: method, query, headers and body. Whatever it answers is the
        // client's; if nobody is there either, there is no other error page (measured).
        let mut upstreams = [Some(first), error_page].into_iter().flatten().peekable();
        while let Some(upstream) = upstreams.next() {
            match self.upstreams[upstream].pass(&head, &body).await {
                Ended::Answered(answer) => return Ok(*answer),
                Ended::NotHttp => return Err(NotHttp),
                Ended::GivenUp(given_up) => {
                    self.report(&given_up, &head, upstreams.peek().is_some());
                    status = given_up.status;
                }
            }
        }
        Ok(page(status))
    }

    /// Whether the head of a request, as its client has sent it, fits into the buffers.
    fn check(&self, head: &request::Parts) -> Result<(), TooLarge> {
        let (count, size) = self.config.large_header_buffers;
        let buffers = RequestBuffers {
            first: self.config.header_buffer,
            count,
            size,
        };
        let target = head.uri.path_and_query().map_or(0, |target| target.as_str().len());
        let request_line = head.method.as_str().len() + target + "  HTTP/1.1\r\n".len();
        let headers = head.headers.iter();
        let lines = headers.map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len());
        buffers.check(request_line, lines)
    }

    /// `proxy_set_header`: Host unchanged, the client appended to where clients are told, X-Forwarded-Proto.
    fn forward(&self, headers: &mut HeaderMap, client: IpAddr) {
        for name in HOP_BY_HOP {
            headers.remove(name);
        }
        if self.config.keepalive == 0 {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        let (name, hop) = match self.config.forwarded_for {
            ForwardedFor::XForwardedFor => ("x-forwarded-for", client.to_string()),
            ForwardedFor::Forwarded => {
                let proto = self.config.forwarded_proto;
                ("forwarded", format!("{};proto={proto}", ForwardedFor::element(client)))
            }
        };
        let before = headers.get(name).and_then(|v| v.to_str().ok());
        let chain = match before {
            Some(before) => format!("{before}, {hop}"),
            None => hop,
        };
        if let Ok(chain) = HeaderValue::from_str(&chain) {
            headers.insert(name, chain);
        }
        let proto = HeaderValue::from_static(self.config.forwarded_proto);
        headers.insert("x-forwarded-proto", proto);
    }

    /// Reports that no server of a location has answered.
    fn report(&self, GivenUp { status, why }: &GivenUp, head: &request::Parts, has_error_page: bool) {
        let then = if has_error_page {
            ", an error page is asked for"
        } else {
            ""
        };
        let event = format!(
            "{} for {} {}: {why}{then}",
            status.as_u16(),
            head.method,
            head.uri.path()
        );
        tracing::info!("{event}");
        (self.observer)(event);
    }
}

fn page(status: StatusCode) -> Answer {
    let reason = status.canonical_reason().unwrap_or("Error");
    titled(&format!("{} {reason}", status.as_u16()), status)
}

/// The page for a request that no upstream gets to see. The connection is closed.
fn refused(title: &str, status: StatusCode) -> Answer {
    let mut refused = titled(title, status);
    let close = HeaderValue::from_static("close");
    refused.headers_mut().insert(header::CONNECTION, close);
    refused
}

/// The redirect to a path with a slash at its end, and the same query.
fn with_slash(head: &request::Parts) -> Answer {
    let host = head.headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let query = head.uri.query().map_or(String::new(), |query| format!("?{query}"));
    let location = format!("http://{}{}/{query}", host.unwrap_or_default(), head.uri.path());
    let mut redirect = page(StatusCode::MOVED_PERMANENTLY);
    if let Ok(location) = HeaderValue::from_str(&location) {
        redirect.headers_mut().insert(header::LOCATION, location);
    }
    redirect
}

fn titled(title: &str, status: StatusCode) -> Answer {
    let html = format!(
        "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n</body>\r\n</html>\r\n"
    );
    let mut response = Response::new(Either::Left(Full::new(Bytes::from(html))));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html"));
    response
}
