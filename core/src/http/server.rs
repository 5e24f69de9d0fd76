//! Accepts connections and serves them.
//!
//! `axum::serve` spawns on tokio's own executor and sets a `Date` from the real clock; neither can
//! be had in the simulation.

use crate::seams::{Env, Listener};
use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use std::time::Duration;
use tokio::sync::watch;

/// Largest head of a request, in bytes.
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// How long a peer may take to send the head of a request, and stay idle between two.
const HEAD_TIME_MAX: Duration = Duration::from_secs(30);
/// How long connections may go on once the port is closed.
const FAREWELL: Duration = Duration::from_secs(10);
/// Before accepting again after an error: out of file descriptors is not cured by haste.
const BREATHER: Duration = Duration::from_millis(100);

/// Serves HTTP/1.1 on `listener` until `stop` becomes true, or its sender is gone. Then the port is
/// closed at once; connections finish the request they are in.
pub async fn serve_connections(env: Env, listener: Box<dyn Listener>, router: Router, mut stop: watch::Receiver<bool>) {
    loop {
        let accepted = crate::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            accepted = listener.accept() => accepted,
        };
        let stream = match accepted {
            Ok(stream) => stream,
            Err(error) => {
                tracing::warn!(%error, "no connection could be accepted");
                tokio::time::sleep(BREATHER).await;
                continue;
            }
        };
        let (router, mut stop) = (router.clone(), stop.clone());
        env.spawn(async move {
            let peer = stream.peer();
            let connection = http1::Builder::new()
                .auto_date_header(false)
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD_TIME_MAX)
                .max_buf_size(HEAD_BYTES_MAX)
                .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
            let mut connection = std::pin::pin!(connection);
            let early = crate::select! {
                ended = connection.as_mut() => Some(ended),
                _ = stop.wait_for(|stop| *stop) => None,
            };
            let ended = match early {
                Some(ended) => ended,
                None => {
                    connection.as_mut().graceful_shutdown();
                    match tokio::time::timeout(FAREWELL, connection).await {
                        Ok(ended) => ended,
                        Err(_) => return,
                    }
                }
            };
            if let Err(error) = ended {
                tracing::debug!(%peer, %error, "a connection broke");
            }
        });
    }
}
