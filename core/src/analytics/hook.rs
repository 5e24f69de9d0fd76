//! Delivering login events to the analytics hook. Whatever the hook does, no login waits for it
//! (inventory 53).

use super::{Analytics, LoginEvent};
use crate::{config::Config, http::client::Client, trouble::Trouble};
use async_trait::async_trait;
use bytes::Bytes;
use http::{Method, Request, header};
use http_body_util::Full;
use seams::{Cause, Env, Failure};
use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{Notify, watch},
    time::timeout,
};

/// Calls in flight at once.
const IN_FLIGHT_MAX: usize = 4;

/// Analytics for a service that has none.
pub struct NoAnalytics;

#[async_trait]
impl Analytics for NoAnalytics {
    async fn record(&self, _event: LoginEvent) {}
}

/// Posts each event as JSON. The queue is bounded: the oldest events are dropped. How many were lost is told in the log.
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
    /// Events that wait or are on their way.
    pending: watch::Sender<u64>,
    /// Events that were lost since the hook has taken one.
    lost: AtomicU64,
    trouble: Trouble,
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
            pending: watch::Sender::new(0),
            lost: AtomicU64::new(0),
            trouble: Trouble::new(env.clock.clone()),
            client: Client::new(&env),
            env,
        });
        for _ in 0..IN_FLIGHT_MAX {
            shared.env.spawn_vital("analytics", work(shared.clone()));
        }
        AnalyticsHook { shared }
    }
}

#[async_trait]
impl Analytics for AnalyticsHook {
    async fn record(&self, event: LoginEvent) {
        let shared = &self.shared;
        let is_full = {
            let mut waiting = shared.waiting.lock().expect("nobody panics while holding it");
            waiting.push_back(event);
            let is_full = waiting.len() > shared.capacity;
            if is_full {
                waiting.pop_front();
            } else {
                // Under the lock: a worker on another thread counts it down once it has taken and posted it.
                shared.pending.send_modify(|pending| *pending += 1);
            }
            is_full
        };
        if is_full {
            shared.env.mark("analytics dropped");
            shared.lose(Failure::Fail(Cause::Full("analytics")));
        }
        shared.more.notify_one();
    }

    async fn finish(&self, within: Duration) -> u64 {
        let mut pending = self.shared.pending.subscribe();
        if *pending.borrow() > 0 {
            self.shared.env.mark("events waited for the stop");
        }
        let _ = timeout(within, pending.wait_for(|pending| *pending == 0)).await;
        let left = *pending.borrow();
        left + self.shared.lost.swap(0, Ordering::Relaxed)
    }

    fn trouble(&self) -> Option<Cause> {
        self.shared.trouble.now()
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
            Some(event) => {
                shared.post(&event).await;
                shared.pending.send_modify(|pending| *pending -= 1);
            }
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
        let posted = match request {
            Ok(request) => self.client.send((&self.host, self.port), request, self.limit).await,
            Err(error) => Err(Failure::Fail(Cause::Protocol(error.to_string()))),
        };
        match posted {
            Ok(answer) if answer.status().is_success() => self.took(),
            Ok(answer) => self.lose(Failure::Fail(Cause::Refused(format!("status {}", answer.status())))),
            Err(failure) => self.lose(failure),
        }
    }

    /// Counts a lost event, and tells of the first since one was taken.
    fn lose(&self, failure: Failure) {
        // Why the queue is full says more than that it is.
        let is_known = matches!(failure.cause(), Cause::Full(_)) && self.trouble.now().is_some();
        if !is_known {
            self.trouble.begin(failure.cause());
        }
        if self.lost.fetch_add(1, Ordering::Relaxed) == 0 {
            tracing::warn!(cause = %failure, "analytics loses events");
        }
    }

    fn took(&self) {
        self.trouble.end();
        let lost = self.lost.swap(0, Ordering::Relaxed);
        if lost > 0 {
            tracing::warn!(lost, "the analytics hook takes events again");
        }
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
        assert_eq!(hook.shared.lost.load(Ordering::Relaxed), 7);
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert_eq!(
            hook.shared.lost.load(Ordering::Relaxed),
            10,
            "nothing has been taken since"
        );
        assert_eq!(hook.shared.waiting.lock().unwrap().len(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_lost_when_the_process_stops_is_counted() {
        let fixture = Fixture::new();
        let mut accepted_and_never_answered = fixture.network.serve("analytics");
        let config = Config::new("idp-a", "https://login.example", StateConfig::Memory);
        let hook = ("analytics".to_owned(), 80, "/events".to_owned());
        let hook = AnalyticsHook::start(fixture.env("idp-a"), &config, hook);
        assert_eq!(hook.finish(Duration::from_secs(5)).await, 0, "nothing waits");
        for n in 0..10 {
            hook.record(event(n)).await;
        }
        let began = tokio::time::Instant::now();
        // Four are given up after two seconds, the next four are under way, and two wait.
        assert_eq!(hook.finish(Duration::from_secs(3)).await, 10);
        assert_eq!(began.elapsed(), Duration::from_secs(3));
        assert!(accepted_and_never_answered.recv().await.is_some());
    }
}
