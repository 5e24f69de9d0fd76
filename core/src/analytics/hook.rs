//! Delivering login events to the analytics hook. Whatever the hook does, no login waits for it
//! (inventory 53).

use super::{Analytics, LoginEvent};
use crate::{config::Config, http::client::Client};
use async_trait::async_trait;
use bytes::Bytes;
use http::{Method, Request, header};
use http_body_util::Full;
use seams::Env;
use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::sync::Notify;

/// Calls in flight at once.
const IN_FLIGHT_MAX: usize = 4;

/// Analytics for a service that has none.
pub struct NoAnalytics;

#[async_trait]
impl Analytics for NoAnalytics {
    async fn record(&self, _event: LoginEvent) {}
}

/// Posts each event as JSON. The queue is bounded: the oldest events are dropped, and counted.
pub struct AnalyticsHook {
    shared: Arc<Shared>,
}

struct Shared {
    env: Env,
    client: Client,
    host: String,
    port: u16,
    path: String,
    limit: Duration,
    capacity: usize,
    waiting: Mutex<VecDeque<LoginEvent>>,
    more: Notify,
    dropped: AtomicU64,
    failed: AtomicU64,
}

impl AnalyticsHook {
    /// Starts the workers that post to `host`, `port` and `path`.
    pub fn start(env: Env, config: &Config, (host, port, path): (String, u16, String)) -> AnalyticsHook {
        let shared = Arc::new(Shared {
            host,
            port,
            path,
            limit: config.deadlines.analytics,
            capacity: config.limits.analytics_queue.max(1),
            waiting: Mutex::new(VecDeque::new()),
            more: Notify::new(),
            dropped: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            client: Client::new(&env),
            env,
        });
        for _ in 0..IN_FLIGHT_MAX {
            shared.env.spawn(work(shared.clone()));
        }
        AnalyticsHook { shared }
    }

    /// Events dropped because the queue was full, so far.
    pub fn dropped(&self) -> u64 {
        self.shared.dropped.load(Ordering::Relaxed)
    }

    /// Events that the hook did not take, so far.
    pub fn failed(&self) -> u64 {
        self.shared.failed.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl Analytics for AnalyticsHook {
    async fn record(&self, event: LoginEvent) {
        let shared = &self.shared;
        {
            let mut waiting = shared.waiting.lock().expect("nobody panics while holding it");
            if waiting.len() >= shared.capacity {
                waiting.pop_front();
                shared.dropped.fetch_add(1, Ordering::Relaxed);
                shared.env.mark("analytics dropped");
            }
            waiting.push_back(event);
        }
        shared.more.notify_one();
    }
}

async fn work(shared: Arc<Shared>) {
    loop {
        let next = shared
            .waiting
            .lock()
            .expect("nobody panics while holding it")
            .pop_front();
        match next {
            Some(event) => shared.post(&event).await,
            None => shared.more.notified().await,
        }
    }
}

impl Shared {
    /// Posts one event, once: losing one does no harm.
    async fn post(&self, event: &LoginEvent) {
        let body = serde_json::to_vec(event).expect("an event is plain data");
        let request = Request::builder()
            .method(Method::POST)
            .uri(&self.path)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(body)));
        let cause = match request {
            Ok(request) => match self.client.send((&self.host, self.port), request, self.limit).await {
                Ok(answer) if answer.status().is_success() => return,
                Ok(answer) => format!("answered {}", answer.status()),
                Err(failure) => failure.to_string(),
            },
            Err(error) => error.to_string(),
        };
        self.failed.fetch_add(1, Ordering::Relaxed);
        tracing::debug!(event = event.event, %cause, "the analytics hook did not take an event");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::StateConfig,
        store::testing::{Fixture, START},
    };

    fn event(n: u64) -> LoginEvent {
        LoginEvent {
            event: "login_started",
            client_id: "web".into(),
            subject: None,
            at_ms: START.millis() + n,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_hanging_hook_loses_the_oldest_events_and_delays_nobody() {
        let fixture = Fixture::new();
        let _accepted_and_never_answered = fixture.network.serve("analytics");
        let mut config = Config::new("idp-a", "https://login.example", StateConfig::Memory);
        config.limits.analytics_queue = 3;
        let hook = AnalyticsHook::start(
            fixture.env("idp-a"),
            &config,
            ("analytics".into(), 80, "/events".into()),
        );
        let began = tokio::time::Instant::now();
        for n in 0..10 {
            hook.record(event(n)).await;
        }
        assert_eq!(began.elapsed(), Duration::ZERO);
        assert_eq!(hook.dropped(), 7);
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert_eq!(hook.failed(), 3);
        assert_eq!(hook.shared.waiting.lock().unwrap().len(), 0);
    }
}
