//! Nobody is told of events that the hook did not take (inventory 53).
//!
//! Seen in real systems: a failed call is written at a level that production does not keep, and the number of dropped events
//! is in a field that nothing reads. Months later somebody misses half of the logins in a report.

use crate::{analytics::hook_awaited::call, vocabulary::PlantedBug};
use async_trait::async_trait;
use idp::{
    analytics::{Analytics, LoginEvent},
    http::client,
    replica::Wiring,
};
use seams::Env;
use std::{sync::Arc, time::Duration};

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "losses_uncounted",
    title: "nobody is told of events that the analytics hook did not take",
    covers: &[53],
    scenario: "hook_hangs_long",
    detected_by: "EventsCounted",
    bug: |env, config, wiring| match &config.analytics_hook {
        Some(hook) => Wiring {
            analytics: Arc::new(CountsNothing {
                env: env.clone(),
                hook: hook.clone(),
                limit: config.deadlines.analytics,
            }),
            ..wiring
        },
        None => wiring,
    },
};

struct CountsNothing {
    env: Env,
    hook: (String, u16, String),
    limit: Duration,
}

#[async_trait]
impl Analytics for CountsNothing {
    async fn record(&self, event: LoginEvent) {
        let (host, port, path) = self.hook.clone();
        let request = call(&path, &event);
        let (env, limit) = (self.env.clone(), self.limit);
        self.env.spawn(async move {
            if let Err(failure) = client::send(&env, (&host, port), request, limit).await {
                tracing::debug!(%failure, "the hook did not take an event");
            }
        });
    }
}
