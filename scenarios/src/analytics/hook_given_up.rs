//! After some failures in a row the analytics hook is never called again: a circuit breaker that nothing closes
//! (inventory 53).
//!
//! Seen in real systems: Particular/ServiceControl#722, Particular/ServiceControl#5017. Logins work, and none of them
//! is reported to the hook until the next restart.

use crate::{analytics::hook_awaited::call, vocabulary::PlantedBug};
use async_trait::async_trait;
use idp::{
    analytics::{Analytics, LoginEvent},
    http::client,
    replica::Wiring,
};
use seams::Env;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "hook_given_up",
    title: "after five failures in a row the analytics hook is never called again",
    covers: &[53],
    scenario: "analytics_hangs",
    detected_by: "AnalyticsArrive",
    bug: |env, config, wiring| match &config.analytics_hook {
        Some(hook) => Wiring {
            analytics: Arc::new(Breaker {
                env: env.clone(),
                hook: hook.clone(),
                limit: config.deadlines.analytics,
                failures: Arc::default(),
            }),
            ..wiring
        },
        None => wiring,
    },
};

/// Failures in a row after which the breaker opens.
const PATIENCE: u32 = 5;

struct Breaker {
    env: Env,
    hook: (String, u16, String),
    limit: Duration,
    failures: Arc<AtomicU32>,
}

#[async_trait]
impl Analytics for Breaker {
    async fn record(&self, event: LoginEvent) {
        if self.failures.load(Ordering::Relaxed) >= PATIENCE {
            return;
        }
        let (host, port, path) = self.hook.clone();
        let request = call(&path, &event);
        let (env, limit, failures) = (self.env.clone(), self.limit, self.failures.clone());
        self.env.spawn(async move {
            match client::send(&env, (&host, port), request, limit).await {
                Ok(answer) if answer.status().is_success() => failures.store(0, Ordering::Relaxed),
                _ => _ = failures.fetch_add(1, Ordering::Relaxed),
            }
        });
    }
}
