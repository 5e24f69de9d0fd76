//! The login waits for the analytics hook (inventory 53).
//!
//! Seen in the second incident report: the hook hung, and every login hung with it.

use crate::vocabulary::PlantedBug;
use async_trait::async_trait;
use bytes::Bytes;
use http::{Method, Request, header};
use http_body_util::Full;
use idp::{
    analytics::{Analytics, LoginEvent},
    config::Config,
    http::client,
    replica::Wiring,
};
use seams::Env;
use std::{sync::Arc, time::Duration};

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "hook_awaited",
    title: "a login waits for the analytics hook",
    covers: &[53],
    scenario: "analytics_hangs",
    detected_by: "LatencyBudget",
    bug: |env, config, wiring| awaiting_at_most(config.deadlines.analytics, env, config, wiring),
};

/// A replica in which every login waits for the hook's answer, for at most `limit`.
pub(crate) fn awaiting_at_most(limit: Duration, env: &Env, config: &Config, wiring: Wiring) -> Wiring {
    match &config.analytics_hook {
        Some(hook) => Wiring {
            analytics: Arc::new(Awaited {
                env: env.clone(),
                hook: hook.clone(),
                limit,
            }),
            ..wiring
        },
        None => wiring,
    }
}

struct Awaited {
    env: Env,
    hook: (String, u16, String),
    limit: Duration,
}

#[async_trait]
impl Analytics for Awaited {
    async fn record(&self, event: LoginEvent) {
        let (host, port, path) = &self.hook;
        let _ = client::send(&self.env, (host, *port), call(path, &event), self.limit).await; // its answer is not needed
    }
}

/// The HTTP request that reports an event to the hook.
pub(crate) fn call(path: &str, event: &LoginEvent) -> Request<Full<Bytes>> {
    let body = serde_json::to_vec(event).expect("an event is plain data");
    let request = Request::builder()
        .method(Method::POST)
        .uri(path)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from(body)));
    request.expect("a valid request")
}
