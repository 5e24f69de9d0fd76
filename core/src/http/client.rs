//! A small HTTP client: a deadline for each request, connections kept between them.
//!
//! hyper-util's pooled client iterates a map in random order and opens its own sockets; neither is
//! possible in the simulation.

use bytes::Bytes;
use http::{HeaderValue, Request, Response, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use seams::{Cause, Env, Failure, Outcome, within};
use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// Answers larger than this are refused.
const BODY_BYTES_MAX: usize = 1 << 20;

/// A connection on which nothing was asked for so long is not used again. Its server may have gone meanwhile without a word, and what is
/// sent there then is in doubt; a new connection costs little.
pub(crate) const KEPT_IDLE: Duration = Duration::from_secs(10);

/// Sends one request over a connection of its own, and reads the whole answer.
///
/// # Errors
/// As [`Client::send`].
pub async fn send(
    env: &Env,
    to: (&str, u16),
    mut request: Request<Full<Bytes>>,
    limit: Duration,
) -> Outcome<Response<Bytes>> {
    request
        .headers_mut()
        .insert(header::CONNECTION, HeaderValue::from_static("close"));
    Client::new(env).send(to, request, limit).await
}

/// Sends requests, and keeps connections for the next one to the same place (RFC 9112 section 9.3),
/// as browsers do. Requests that overlap have a connection each.
pub struct Client {
    env: Env,
    idle: Mutex<Vec<Idle>>,
}

struct Idle {
    host: String,
    port: u16,
    sender: SendRequest<Full<Bytes>>,
    /// When its last answer was read, on the monotonic clock.
    since: Duration,
}

impl Client {
    /// A client without connections.
    pub fn new(env: &Env) -> Client {
        Client {
            env: env.clone(),
            idle: Mutex::default(),
        }
    }

    /// Sends a request and reads the whole answer. Nothing is ever sent twice: a kept connection
    /// that has ended is replaced only if it took nothing of the request.
    ///
    /// # Errors
    /// `Fail` when no connection could be made, for then the request was never sent. `Unknown` for
    /// everything later: a server that does not answer may have acted.
    pub async fn send(
        &self,
        (host, port): (&str, u16),
        mut request: Request<Full<Bytes>>,
        limit: Duration,
    ) -> Outcome<Response<Bytes>> {
        if !request.headers().contains_key(header::HOST) {
            let name = match port {
                80 => host.to_owned(),
                _ => format!("{host}:{port}"),
            };
            let name = HeaderValue::from_str(&name).map_err(|e| Failure::Fail(Cause::Protocol(e.to_string())))?;
            request.headers_mut().insert(header::HOST, name);
        }
        let mut connected = false;
        let exchange = async {
            while let Some(mut sender) = self.kept(host, port) {
                if sender.ready().await.is_err() {
                    continue;
                }
                connected = true;
                match sender.try_send_request(request).await {
                    Ok(response) => return self.finish(host, port, sender, response).await,
                    Err(mut error) => match error.take_message() {
                        Some(unsent) => request = unsent,
                        None => return Err(lost(&error.into_error())),
                    },
                }
                connected = false;
            }
            let mut sender = self.connect(host, port).await?;
            connected = true;
            let response = sender.send_request(request).await.map_err(|e| lost(&e))?;
            self.finish(host, port, sender, response).await
        };
        match within(limit, "the answer", exchange).await {
            Ok(result) => result,
            Err(cause) if connected => Err(Failure::Unknown(cause)),
            Err(cause) => Err(Failure::Fail(cause)),
        }
    }

    async fn connect(&self, host: &str, port: u16) -> Outcome<SendRequest<Full<Bytes>>> {
        let stream = self
            .env
            .network
            .connect(host, port)
            .await
            .map_err(|e| Failure::Fail(Cause::Unreachable(format!("{host}:{port} ({e})"))))?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(|e| lost(&e))?;
        self.env.spawn(async move {
            let _ = connection.await; // its errors reach the caller through the sender
        });
        Ok(sender)
    }

    /// A connection to this place that has been used lately and has not ended, as far as is known here.
    fn kept(&self, host: &str, port: u16) -> Option<SendRequest<Full<Bytes>>> {
        let mut idle = self.idle();
        let now = self.env.clock.monotonic();
        idle.retain(|kept| !kept.sender.is_closed() && now.saturating_sub(kept.since) < KEPT_IDLE);
        let found = idle.iter().position(|kept| kept.host == host && kept.port == port)?;
        Some(idle.remove(found).sender)
    }

    async fn finish(
        &self,
        host: &str,
        port: u16,
        sender: SendRequest<Full<Bytes>>,
        response: Response<hyper::body::Incoming>,
    ) -> Outcome<Response<Bytes>> {
        let (head, body) = response.into_parts();
        let body = Limited::new(body, BODY_BYTES_MAX)
            .collect()
            .await
            .map_err(|e| Failure::Unknown(Cause::ConnectionLost(e.to_string())))?
            .to_bytes();
        self.idle().push(Idle {
            host: host.to_owned(),
            port,
            sender,
            since: self.env.clock.monotonic(),
        });
        Ok(Response::from_parts(head, body))
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn lost(error: &hyper::Error) -> Failure {
    Failure::Unknown(Cause::ConnectionLost(error.to_string()))
}
