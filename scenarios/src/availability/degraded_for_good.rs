//! A replica that has become degraded stays degraded until somebody restarts it (inventory 26).
//!
//! Seen in the first incident report: the circuit breaker opened and nothing closed it again. Redis works again, and
//! the replica still refuses.

use crate::{
    planted::twist::{StoreTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{replica::Wiring, store::AuthStateStore};
use seams::{Cause, Env, Failure, Outcome};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "degraded_for_good",
    title: "a replica that has lost Redis for a while never looks again",
    covers: &[26],
    scenario: "sentinel_without_quorum",
    detected_by: "DegradedIsReported",
    bug: |env, _, wiring| Wiring {
        store: Arc::new(Twisted(Sticky {
            env: env.clone(),
            store: wiring.store,
            failing_since: Mutex::default(),
        })),
        ..wiring
    },
};

/// Time without Redis after which the replica gives up.
const PATIENCE: Duration = Duration::from_secs(5);

struct Sticky {
    env: Env,
    store: Arc<dyn AuthStateStore>,
    failing_since: Mutex<Option<Duration>>,
}

#[async_trait]
impl StoreTwist for Sticky {
    fn inner(&self) -> &Arc<dyn AuthStateStore> {
        &self.store
    }
    async fn health(&self) -> Outcome<()> {
        let health = self.store.health().await;
        let now = self.env.clock.monotonic();
        let mut since = self.failing_since.lock().expect("nobody panics while holding it");
        match *since {
            Some(since) if now.saturating_sub(since) >= PATIENCE => {
                return Err(Failure::Fail(Cause::Unreachable("the store, some time ago".into())));
            }
            _ if health.is_ok() => *since = None,
            _ => *since = since.or(Some(now)),
        }
        health
    }
}
