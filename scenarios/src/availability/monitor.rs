//! An operator's monitor: asks every replica for its health, again and again, until the run ends. What it was told is in
//! the history like every other exchange, and the specification judges it.

use crate::{
    exchange::{Asking, ask},
    world::{Scene, hosts},
};
use bytes::Bytes;
use http::Request;
use idp::http::client::Client;
use std::time::Duration;
use tokio::time::sleep;

/// A monitor gives up sooner than people do.
const PATIENCE: Duration = Duration::from_secs(2);

/// Asks all replicas one after the other, and then again after some time, for ever.
pub(crate) async fn watch(scene: &Scene, who: &str, every: Duration) {
    let asking = Asking::new(scene, who);
    loop {
        for (host, _) in &scene.replicas {
            let request = Request::get("/health")
                .body(Bytes::new())
                .expect("a request without a body is one");
            let client = Client::new(&scene.env); // monitors keep no connections
            let to = (host.as_str(), hosts::OPS_PORT);
            // Whatever came of it is in the history.
            drop(ask(&asking, &client, to, request, PATIENCE).await);
        }
        sleep(every).await;
    }
}
