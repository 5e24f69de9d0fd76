//! A small HTTP client: one request, one connection, one deadline.
//!
//! hyper-util's pooled client iterates a map in random order and opens its own sockets; neither can
//! be had in the simulation.

use crate::seams::{Cause, Env, Failure, Outcome, within};
use bytes::Bytes;
use http::{HeaderValue, Request, Response, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::rt::TokioIo;
use std::time::Duration;

/// Answers larger than this are refused.
const BODY_BYTES_MAX: usize = 1 << 20;

/// Sends a request and reads the whole answer.
///
/// # Errors
/// `Fail` when no connection could be made, for then the request was never sent. `Unknown` for
/// everything later: a server that does not answer may have acted.
pub async fn send(
    env: &Env,
    (host, port): (&str, u16),
    mut request: Request<Full<Bytes>>,
    limit: Duration,
) -> Outcome<Response<Bytes>> {
    let mut connected = false;
    let exchange = async {
        let stream = env
            .network
            .connect(host, port)
            .await
            .map_err(|e| Failure::Fail(Cause::Unreachable(format!("{host}:{port} ({e})"))))?;
        let lost = |e: hyper::Error| Failure::Unknown(Cause::ConnectionLost(e.to_string()));
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .map_err(lost)?;
        env.spawn(async move {
            let _ = connection.await; // its errors reach the caller through the sender
        });
        connected = true;
        if !request.headers().contains_key(header::HOST) {
            let name = if port == 80 {
                host.to_owned()
            } else {
                format!("{host}:{port}")
            };
            let name = HeaderValue::from_str(&name).map_err(|e| Failure::Fail(Cause::Protocol(e.to_string())))?;
            request.headers_mut().insert(header::HOST, name);
        }
        request
            .headers_mut()
            .insert(header::CONNECTION, HeaderValue::from_static("close"));
        let (head, body) = sender.send_request(request).await.map_err(lost)?.into_parts();
        let body = Limited::new(body, BODY_BYTES_MAX)
            .collect()
            .await
            .map_err(|e| Failure::Unknown(Cause::ConnectionLost(e.to_string())))?
            .to_bytes();
        Ok(Response::from_parts(head, body))
    };
    match within(limit, "the answer", exchange).await {
        Ok(result) => result,
        Err(cause) if connected => Err(Failure::Unknown(cause)),
        Err(cause) => Err(Failure::Fail(cause)),
    }
}
