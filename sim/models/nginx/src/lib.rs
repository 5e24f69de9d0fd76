//! A model of nginx as a load balancer: which upstream gets a request, when another one is tried, and what the client
//! receives if none answers. Each behaviour was measured on nginx 1.22.1 with its defaults (`proxy_next_upstream error
//! timeout`, buffered requests), with and without `keepalive` to upstreams.
//!
//! The upstreams can be anything that speaks HTTP/1.1 over an [`Env`].
//!
//! Deliberately absent: TLS, HTTP/2, caching, active health checks, several workers (one worker is
//! exact round robin; several need `zone` for that), weights, backup servers, locations by regular expression.

mod body;
mod head;
mod keepalive;
mod location;
mod peers;
mod proxy;
mod upstream;

pub use location::{Location, PathMatch};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use seams::Env;
use std::{
    io,
    net::IpAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

/// `keepalive_timeout`: how long a client may send nothing between two requests.
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(75);

/// How many header lines a request may have. nginx counts only their bytes; the HTTP library of this model needs a number.
const HEADER_LINES_MAX: usize = 1_000;

/// Called when no server of a location has answered, with the status and the reason (`502 …`, `504 …`), whether the balancer then
/// answers by itself or with an error page of others; and when a client closes its connection before the answer (`499 …`).
pub type Observer = Arc<dyn Fn(String) + Send + Sync>;

/// The part of nginx's configuration that the model has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NginxConfig {
    /// `listen`.
    pub port: u16,
    /// The `upstream` blocks: the `server`s of each, as host and port. Requests for which there is no location go to the first.
    pub upstreams: Vec<Vec<(String, u16)>>,
    /// `location`s besides `location /`.
    pub locations: Vec<Location>,
    /// `max_fails`: 1 by default; 0 never takes a server out.
    pub max_fails: u32,
    /// `fail_timeout`: 10 s by default. How long a failed server gets no requests.
    pub fail_timeout: Duration,
    /// `proxy_connect_timeout`: 60 s by default.
    pub connect_timeout: Duration,
    /// `proxy_read_timeout`: 60 s by default. It applies between two reads, not to the whole answer.
    pub read_timeout: Duration,
    /// `proxy_next_upstream … non_idempotent`: repeats even a POST that was sent, which may execute it twice.
    pub non_idempotent: bool,
    /// `keepalive` of the `upstream` block, with HTTP/1.1 and an empty `Connection` header: how many idle connections are
    /// kept. With 0, the default, each request has a connection of its own.
    pub keepalive: usize,
    /// `client_max_body_size`: 1 MB by default; longer requests get 413.
    pub body_bytes_max: usize,
    /// `client_header_buffer_size`: 1 KB by default, bytes. Where the head of a request begins.
    pub header_buffer: usize,
    /// `large_client_header_buffers`: four of 8 KB by default, as number and bytes. A request line that is longer than one
    /// gets 414; a header line that is longer, or more of them than there are buffers, 400.
    pub large_header_buffers: (usize, usize),
    /// `proxy_buffer_size`: one page by default, bytes. A server that answers with a larger head counts as failed, and the
    /// client gets 502.
    pub answer_buffer: usize,
    /// The value of `X-Forwarded-Proto` for the upstreams.
    pub forwarded_proto: &'static str,
    /// Where upstreams are told the address of the client.
    pub forwarded_for: ForwardedFor,
}

/// The header in which upstreams are told the address of the client, after what the client has sent in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ForwardedFor {
    /// `proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for`.
    #[default]
    XForwardedFor,
    /// `proxy_set_header Forwarded "$proxy_add_forwarded;proto=$scheme"`, with the maps of nginx's own documents (RFC 7239).
    Forwarded,
}

impl ForwardedFor {
    /// The element of `Forwarded` for an address (RFC 7239 sections 4 and 6: that of IPv6 in brackets, and therefore quoted).
    pub fn element(address: IpAddr) -> String {
        match address {
            IpAddr::V4(address) => format!("for={address}"),
            IpAddr::V6(address) => format!("for=\"[{address}]\""),
        }
    }
}

impl NginxConfig {
    /// nginx's defaults, with one `upstream` block of these servers for all requests.
    pub fn new(port: u16, servers: Vec<(String, u16)>) -> NginxConfig {
        NginxConfig {
            port,
            upstreams: vec![servers],
            locations: vec![],
            max_fails: 1,
            fail_timeout: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(60),
            read_timeout: Duration::from_secs(60),
            non_idempotent: false,
            keepalive: 0,
            body_bytes_max: 1 << 20,
            header_buffer: 1 << 10,
            large_header_buffers: (4, 8 << 10),
            answer_buffer: 4 << 10,
            forwarded_proto: "https",
            forwarded_for: ForwardedFor::default(),
        }
    }
}

/// Runs the balancer until its host dies.
///
/// # Errors
/// The port is taken.
pub async fn serve(env: Env, config: NginxConfig, observer: Observer) -> io::Result<()> {
    let listener = env.network.listen(config.port).await?;
    let proxy = Arc::new(proxy::Proxy::new(env.clone(), config, observer.clone()));
    for idle in proxy.idle().filter(|idle| idle.keeps()) {
        let (idle, clock) = (idle.clone(), env.clock.clone());
        env.spawn(async move { idle.reap(|| clock.monotonic()).await });
    }
    loop {
        let stream = match listener.accept().await {
            Ok(stream) => stream,
            Err(error) => {
                tracing::debug!(%error, "a connection was lost before it was accepted");
                continue;
            }
        };
        let client = stream.peer().ip();
        let (proxy, observer) = (proxy.clone(), observer.clone());
        let in_progress = InProgress::default();
        let served = in_progress.clone();
        let mut http = http1::Builder::new();
        http.auto_date_header(false)
            .timer(TokioTimer::new())
            .max_headers(HEADER_LINES_MAX)
            .header_read_timeout(KEEPALIVE_TIMEOUT);
        let connection = http.serve_connection(
            TokioIo::new(stream),
            service_fn(move |request| {
                let (proxy, in_progress) = (proxy.clone(), served.clone());
                async move {
                    in_progress.set(Some(format!("{} {}", request.method(), request.uri().path())));
                    let answer = proxy.answer(client, request).await;
                    in_progress.set(None);
                    answer
                }
            }),
        );
        env.spawn(async move {
            if let Err(error) = connection.await {
                // the client closed the connection, or an upstream died in the middle of its answer
                tracing::debug!(%error, "a connection ended early");
            }
            if let Some(request) = in_progress.set(None) {
                let event = format!("499 for {request}: the client went away");
                tracing::info!("{event}");
                observer(event);
            }
        });
    }
}

/// The request of a connection that has no answer yet.
#[derive(Clone, Default)]
struct InProgress(Arc<Mutex<Option<String>>>);

impl InProgress {
    /// Sets it, and returns the previous one.
    fn set(&self, request: Option<String>) -> Option<String> {
        let mut current = self.0.lock().expect("no code panics while holding it");
        std::mem::replace(&mut *current, request)
    }
}

/// Compiles the example in the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
