//! One desk of the box office: `POST /seats/7` sells seat 7, or says that it is sold.

use async_trait::async_trait;
use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    routing::post,
};
use hyper::server::conn::http1;
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use seams::{Env, Outcome};
use std::{sync::Arc, time::Duration};

pub(crate) const PORT: u16 = 8080;

/// Where seats are kept.
#[async_trait]
pub(crate) trait Seats: Send + Sync {
    /// Sells a seat. False if it is sold; `Unknown` if it may have been sold just now.
    async fn sell(&self, seat: u64) -> Outcome<bool>;
}

/// Serves until the process ends. Not `axum::serve`, which opens its own sockets and spawns its own tasks.
pub(crate) async fn serve(env: Env, seats: Arc<dyn Seats>) {
    let router = Router::new().route("/seats/{seat}", post(sell)).with_state(seats);
    let listener = env.network.listen(PORT).await.expect("nobody else has the port");
    loop {
        let Ok(stream) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(100)).await; // no file descriptor is free, for example
            continue;
        };
        let service = TowerToHyperService::new(router.clone());
        let connection = http1::Builder::new()
            .auto_date_header(false) // it would read the real clock
            .serve_connection(TokioIo::new(stream), service);
        env.spawn(async move {
            let _ = connection.await; // a client that goes away is no error
        });
    }
}

async fn sell(State(seats): State<Arc<dyn Seats>>, Path(seat): Path<u64>) -> (StatusCode, String) {
    match seats.sell(seat).await {
        Ok(true) => (StatusCode::OK, format!("seat {seat} is yours")),
        Ok(false) => (StatusCode::CONFLICT, format!("seat {seat} is sold")),
        Err(failure) => (StatusCode::SERVICE_UNAVAILABLE, failure.to_string()),
    }
}
