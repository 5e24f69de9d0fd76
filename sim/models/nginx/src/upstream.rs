//! One `upstream` block: which of its servers gets a request, when another one is tried, and what comes of it.

use super::{
    NginxConfig,
    body::Relayed,
    head::{HeadWatch, Watched},
    keepalive::{Connection, Idle, Return},
    peers::Peers,
    proxy::Answer,
};
use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, header, request};
use http_body_util::{Either, Full};
use hyper_util::rt::TokioIo;
use seams::Env;
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::time::timeout;

/// The shortest header line.
const SHORTEST_LINE: &str = "a:\n";

/// An `upstream` block: its servers, which of them answer, and the idle connections to them.
pub(super) struct Upstream {
    env: Env,
    config: Arc<NginxConfig>,
    servers: Vec<(String, u16)>,
    peers: Mutex<Peers>,
    pub(super) idle: Idle,
}

impl Upstream {
    /// A block with these servers.
    pub(super) fn new(env: &Env, config: &Arc<NginxConfig>, servers: &[(String, u16)]) -> Upstream {
        let peers = Peers::new(servers.len(), config.max_fails, config.fail_timeout);
        Upstream {
            env: env.clone(),
            config: config.clone(),
            servers: servers.to_vec(),
            peers: Mutex::new(peers),
            idle: Idle::new(config.keepalive),
        }
    }

    fn peers(&self) -> MutexGuard<'_, Peers> {
        self.peers.lock().expect("no code panics while holding the peers")
    }

    /// Sends a request to one server after the other, as nginx does.
    pub(super) async fn pass(&self, head: &request::Parts, body: &Bytes) -> Ended {
        let mut round = self.peers().round();
        loop {
            let picked = self.peers().pick(&mut round, self.env.clock.monotonic());
            let Some(index) = picked else {
                return Ended::GivenUp(GivenUp {
                    status: StatusCode::BAD_GATEWAY,
                    why: "no live upstreams".into(),
                });
            };
            let error = match self.ask(index, head, body.clone()).await {
                Ok(answer) => {
                    self.peers().answered(index);
                    return Ended::Answered(Box::new(answer));
                }
                Err(error) if error.invalid => {
                    self.peers().answered(index);
                    return Ended::NotHttp;
                }
                Err(error) => error,
            };
            self.peers().failed(&mut round, index, self.env.clock.monotonic());
            if error.reused && !error.timed_out && !error.bad_head {
                round.one_more_try(); // as in ngx_http_upstream_next; the failure counts nevertheless
            }
            let repeatable = !error.sent || self.config.non_idempotent || is_idempotent(&head.method);
            if error.bad_head || !repeatable || !round.tries_left() {
                return Ended::GivenUp(GivenUp {
                    status: match error.timed_out {
                        true => StatusCode::GATEWAY_TIMEOUT,
                        false => StatusCode::BAD_GATEWAY,
                    },
                    why: format!("{} {}", self.servers[index].0, error.why),
                });
            }
            self.env.mark("the balancer turned to the next replica");
        }
    }

    /// Sends the request to one server.
    async fn ask(&self, index: usize, head: &request::Parts, body: Bytes) -> Result<Answer, UpstreamError> {
        let mut connection = match self.idle.take(index).await {
            Some(connection) => connection,
            None => self.connect(&self.servers[index]).await?,
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

    async fn connect(&self, (host, port): &(String, u16)) -> Result<Connection, UpstreamError> {
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
}

/// Why no server of an `upstream` block has answered.
pub(super) struct GivenUp {
    pub(super) status: StatusCode,
    pub(super) why: String,
}

/// How an `upstream` block ends a request.
pub(super) enum Ended {
    Answered(Box<Answer>),
    NotHttp,
    GivenUp(GivenUp),
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
