//! The login waits for the analytics hook (inventory 53).
//!
//! The second report: the hook hung, and with it every login.

use super::Planted;
use async_trait::async_trait;
use bytes::Bytes;
use http::{Method, Request, header};
use http_body_util::Full;
use idp::{
    config::Config,
    http::client,
    replica::Wiring,
    seams::{Analytics, Env, LoginEvent},
};
use std::{sync::Arc, time::Duration};

pub(super) const PLANTED: Planted = Planted {
    name: "hook_awaited",
    title: "a login waits for the analytics hook",
    covers: &[53],
    scenario: "analytics_hangs",
    convicted_by: "LatencyBudget",
    rewire: |env, config, wiring| match Awaited::new(env, config) {
        Some(awaited) => Wiring {
            analytics: Arc::new(awaited),
            ..wiring
        },
        None => wiring,
    },
};

struct Awaited {
    env: Env,
    hook: (String, u16, String),
    limit: Duration,
}

impl Awaited {
    fn new(env: &Env, config: &Config) -> Option<Awaited> {
        Some(Awaited {
            env: env.clone(),
            hook: config.analytics_hook.clone()?,
            limit: config.deadlines.analytics,
        })
    }
}

#[async_trait]
impl Analytics for Awaited {
    async fn record(&self, event: LoginEvent) {
        let (host, port, path) = &self.hook;
        let body = serde_json::to_vec(&event).expect("an event is plain data");
        let request = Request::builder()
            .method(Method::POST)
            .uri(path.as_str())
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(body)));
        let request = request.expect("a valid request");
        let _ = client::send(&self.env, (host, *port), request, self.limit).await; // its answer is not needed
    }
}
