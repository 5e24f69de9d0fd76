//! One request: read completely, sent to one upstream after the other as nginx does, answered.

use super::{
    NginxConfig, Observer,
    body::Relayed,
    head::{HeadWatch, RequestBuffers, TooLarge, Watched},
    keepalive::{Connection, Idle, Return},
    peers::Peers,
};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header, request};
use http_body_util::{BodyExt, Either, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use seams::Env;
use std::{
    net::IpAddr,
    sync::{Mutex, MutexGuard},
};
use tokio::time::timeout;

pub(super) type Answer = Response<Either<Full<Bytes>, Relayed>>;

pub(super) struct Proxy {
    env: Env,
    config: NginxConfig,
    observer: Observer,
    peers: Mutex<Peers>,
    idle: Idle,
}

/// Why an upstream gave no answer.
struct UpstreamError {
    why: String,
    timed_out: bool,
    /// The request, or a part of it, may have reached the upstream.
    sent: bool,
    /// The answer was not HTTP.
    invalid: bool,
    /// Its head was too large, or a line of it no header. No other server is tried (`proxy_next_upstream … invalid_header` is
    /// not set).
    bad_head: bool,
    /// It was sent over an idle connection.
    reused: bool,
}

/// The answer was not HTTP. nginx takes it for HTTP/0.9, which has no head, and passes it on (measured). hyper cannot send
/// such an answer, so the client's connection is closed, which is not a valid answer either.
#[derive(Debug, thiserror::Error)]
#[error("the upstream's answer is not HTTP")]
pub(super) struct NotHttp;

/// The shortest header line.
const SHORTEST_LINE: &str = "a:\n";

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
        let peers = Peers::new(config.upstreams.len(), config.max_fails, config.fail_timeout);
        Proxy {
            env,
            idle: Idle::new(config.keepalive),
            config,
            observer,
            peers: Mutex::new(peers),
        }
    }

    pub(super) fn idle(&self) -> &Idle {
        &self.idle
    }

    fn peers(&self) -> MutexGuard<'_, Peers> {
        self.peers.lock().expect("no code panics while holding the peers")
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
        self.forward(&mut head.headers, client);
        let mut round = self.peers().round();
        loop {
            let picked = self.peers().pick(&mut round, self.env.clock.monotonic());
            let Some(index) = picked else {
                return Ok(self.give_up(StatusCode::BAD_GATEWAY, &head, "no live upstreams"));
            };
            let error = match self.ask(index, &head, body.clone()).await {
                Ok(answer) => {
                    self.peers().answered(index);
                    return Ok(answer);
                }
                Err(error) if error.invalid => {
                    self.peers().answered(index);
                    return Err(NotHttp);
                }
                Err(error) => error,
            };
            self.peers().failed(&mut round, index, self.env.clock.monotonic());
            if error.reused && !error.timed_out && !error.bad_head {
                round.one_more_try(); // as in ngx_http_upstream_next; the failure counts nevertheless
            }
            let repeatable = !error.sent || self.config.non_idempotent || is_idempotent(&head.method);
            if error.bad_head || !repeatable || !round.tries_left() {
                let status = match error.timed_out {
                    true => StatusCode::GATEWAY_TIMEOUT,
                    false => StatusCode::BAD_GATEWAY,
                };
                let why = format!("{} {}", self.config.upstreams[index].0, error.why);
                return Ok(self.give_up(status, &head, &why));
            }
            self.env.mark("the balancer turned to the next replica");
        }
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

    /// `proxy_set_header`: Host unchanged, X-Forwarded-For with the client appended, X-Forwarded-Proto.
    fn forward(&self, headers: &mut HeaderMap, client: IpAddr) {
        for name in HOP_BY_HOP {
            headers.remove(name);
        }
        if !self.idle.keeps() {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        let before = headers.get("x-forwarded-for").and_then(|v| v.to_str().ok());
        let chain = match before {
            Some(before) => format!("{before}, {client}"),
            None => client.to_string(),
        };
        if let Ok(chain) = HeaderValue::from_str(&chain) {
            headers.insert("x-forwarded-for", chain);
        }
        let proto = HeaderValue::from_static(self.config.forwarded_proto);
        headers.insert("x-forwarded-proto", proto);
    }

    /// Sends the request to one upstream.
    async fn ask(&self, index: usize, head: &request::Parts, body: Bytes) -> Result<Answer, UpstreamError> {
        let mut connection = match self.idle.take(index).await {
            Some(connection) => connection,
            None => self.connect(index).await?,
        };
        let reused = connection.requests > 0;
        connection.requests += 1;
        let watch = connection.watch.clone();
        watch.begin();
        let broken = |error: hyper::Error| UpstreamError {
            why: match (watch.is_too_large(), error.is_parse() && watch.is_http()) {
                (true, _) => "sent too big header".to_owned(),
                (false, true) => "sent invalid header".to_owned(),
                (false, false) => format!("broke off before the answer: {error}"),
            },
            timed_out: false,
            sent: true,
            invalid: error.is_parse() && !watch.is_http(),
            bad_head: watch.is_too_large() || (error.is_parse() && watch.is_http()),
            reused,
        };
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = head.method.clone();
        *request.uri_mut() = head.uri.clone();
        *request.headers_mut() = head.headers.clone();
        let answer = timeout(self.config.read_timeout, connection.sender.send_request(request))
            .await
            .map_err(|_| UpstreamError {
                why: "did not answer in time".into(),
                timed_out: true,
                sent: true,
                invalid: false,
                bad_head: false,
                reused,
            })?
            .map_err(broken)?;
        let (mut head, body) = answer.into_parts();
        connection.is_last = ends_connection(&head.headers);
        head.headers.remove(header::CONNECTION);
        head.headers.remove(header::TRANSFER_ENCODING);
        head.version = http::Version::HTTP_11;
        let then = Return {
            idle: self.idle.clone(),
            upstream: index,
            connection,
            clock: self.env.clock.clone(),
        };
        let body = Relayed::new(body, self.config.read_timeout, then);
        Ok(Response::from_parts(head, Either::Right(body)))
    }

    async fn connect(&self, index: usize) -> Result<Connection, UpstreamError> {
        let (host, port) = &self.config.upstreams[index];
        let unsent = |why, timed_out| UpstreamError {
            why,
            timed_out,
            sent: false,
            invalid: false,
            bad_head: false,
            reused: false,
        };
        let stream = timeout(self.config.connect_timeout, self.env.network.connect(host, *port))
            .await
            .map_err(|_| unsent("did not accept the connection in time".to_owned(), true))?
            .map_err(|error| unsent(format!("refused the connection: {error}"), false))?;
        let watch = HeadWatch::default();
        let stream = Watched::new(stream, watch.clone(), self.config.answer_buffer);
        // nginx counts only bytes; the HTTP library needs a number, and no more lines than that fit into the buffer.
        let lines_max = self.config.answer_buffer / SHORTEST_LINE.len();
        let (sender, connection) = hyper::client::conn::http1::Builder::new()
            .max_headers(lines_max)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|error| unsent(format!("broke off before the request: {error}"), false))?;
        self.env.spawn(async move {
            let _ = connection.await; // its errors reach the request through the sender and the body
        });
        Ok(Connection {
            sender,
            watch,
            requests: 0,
            is_last: false,
        })
    }

    /// Answers with an error page of its own, and reports that.
    fn give_up(&self, status: StatusCode, head: &request::Parts, why: &str) -> Answer {
        let event = format!("{} for {} {}: {why}", status.as_u16(), head.method, head.uri.path());
        tracing::info!("{event}");
        (self.observer)(event);
        page(status)
    }
}

/// As nginx defines it: all methods but POST, LOCK and PATCH. So a DELETE may be executed twice.
fn is_idempotent(method: &Method) -> bool {
    !(*method == Method::POST || *method == Method::PATCH || method.as_str() == "LOCK")
}

/// Whether an answer says that its connection carries no other one.
fn ends_connection(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(header::CONNECTION).iter();
    let mut options = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','));
    options.any(|option| option.trim().eq_ignore_ascii_case("close"))
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
