//! One answer of a store that has failed for a while opens the port again (inventory 26).
//!
//! What this service did itself. Seen in real systems: readiness without hysteresis. A store that fails for eight seconds and
//! answers for one opened and closed all ports six times a minute.

use crate::{
    planted::twist::{StoreTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{replica::Wiring, store::AuthStateStore};
use seams::{Env, Outcome};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "one_success_opens",
    title: "a replica takes one answer of its store for all that it needs to open its port again",
    covers: &[26],
    scenario: "store_flaps",
    detected_by: "PortsDoNotFlap",
    bug: |env, config, wiring| Wiring {
        store: Arc::new(Twisted(Trusting {
            env: env.clone(),
            store: wiring.store,
            patience: config.deadlines.degraded_after,
            more: config.deadlines.good_looks.saturating_sub(1),
            seen: Mutex::default(),
        })),
        ..wiring
    },
};

struct Trusting {
    env: Env,
    store: Arc<dyn AuthStateStore>,
    patience: Duration,
    /// How many more good looks are needed than one.
    more: u32,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    failing_since: Option<Duration>,
    /// So many looks are good, whatever the store answers.
    trusted: u32,
}

#[async_trait]
impl StoreTwist for Trusting {
    fn inner(&self) -> &Arc<dyn AuthStateStore> {
        &self.store
    }
    async fn health(&self) -> Outcome<()> {
        let health = self.store.health().await;
        let now = self.env.clock.monotonic();
        let mut seen = self.seen.lock().expect("nobody panics while holding it");
        if seen.trusted > 0 {
            seen.trusted -= 1;
            return Ok(());
        }
        match &health {
            Ok(()) => {
                let failed = seen.failing_since.take();
                if failed.is_some_and(|since| now.saturating_sub(since) >= self.patience) {
                    seen.trusted = self.more;
                }
            }
            Err(_) => {
                seen.failing_since.get_or_insert(now);
            }
        }
        health
    }
}
