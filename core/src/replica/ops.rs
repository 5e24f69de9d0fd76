//! What operators and their probes see, on a port of its own: open as long as the process lives,
//! so that a degraded replica can say why (inventory 26).

use super::{Health, ports::Serving};
use crate::{config::Config, leader::Leadership};
use axum::{Json, Router, extract::State, http::StatusCode, routing::get};
use seams::Env;
use serde::Serialize;
use tokio::sync::watch;

#[derive(Clone)]
struct Ops {
    env: Env,
    replica: String,
    health: watch::Receiver<Health>,
    ports: Vec<watch::Receiver<Serving>>,
    leadership: watch::Receiver<Option<Leadership>>,
    stops: watch::Receiver<bool>,
}

/// The names of the ports, in the order in which they are given.
const PORTS: [&str; 2] = ["logins", "accounts"];

/// The answer of `/health`.
#[derive(Serialize)]
struct Report {
    /// `ok`; or, with the status 503 and a port that is closed, `degraded` or `stopping`.
    status: &'static str,
    /// Which ports are closed.
    closed: Vec<&'static str>,
    /// What is wrong. May hold something while `ok`: a failure that may pass.
    reasons: Vec<String>,
    /// Whether this replica runs the background jobs.
    leader: bool,
    replica: String,
}

pub(super) fn router(
    env: &Env,
    config: &Config,
    health: watch::Receiver<Health>,
    ports: Vec<watch::Receiver<Serving>>,
    leadership: watch::Receiver<Option<Leadership>>,
    stops: watch::Receiver<bool>,
) -> Router {
    Router::new().route("/health", get(report)).with_state(Ops {
        env: env.clone(),
        replica: config.replica.clone(),
        health,
        ports,
        leadership,
        stops,
    })
}

async fn report(State(ops): State<Ops>) -> (StatusCode, Json<Report>) {
    let Health { ready, mut reasons, .. } = ops.health.borrow().clone();
    let stops = *ops.stops.borrow();
    let mut closed = vec![];
    for (name, serving) in PORTS.into_iter().zip(&ops.ports) {
        // Ready is healthy, and loaded, and listening.
        match serving.borrow().clone() {
            Serving::Open => continue,
            Serving::Kept(why) => reasons.push(why),
            Serving::NotYet => {}
        }
        closed.push(name);
    }
    if !closed.is_empty() && reasons.is_empty() && !stops {
        reasons.push("starting".into());
    }
    let leader = ops.leadership.borrow().is_some_and(|l| l.is_valid(&ops.env));
    let (code, status) = match (stops, ready && closed.is_empty()) {
        (true, _) => (StatusCode::SERVICE_UNAVAILABLE, "stopping"),
        (false, true) => (StatusCode::OK, "ok"),
        (false, false) => (StatusCode::SERVICE_UNAVAILABLE, "degraded"),
    };
    let report = Report {
        status,
        closed,
        reasons,
        leader,
        replica: ops.replica,
    };
    (code, Json(report))
}
