//! A replica closes its port although its store works (inventory 26, 38).
//!
//! Seen in real systems: readiness that depends on something that is not ready right after a start. The balancer has nobody
//! to turn to, and a restart of all replicas is an outage.

use crate::{
    planted::twist::{StoreTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{replica::Wiring, store::AuthStateStore};
use seams::{Cause, Env, Failure, Outcome};
use std::{ops::Range, sync::Arc, time::Duration};

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "port_closed_too_early",
    title: "a replica takes its store for broken some seconds after its start, and closes its port",
    covers: &[26, 38],
    scenario: "redis_unreachable",
    detected_by: "DegradedIsReported",
    bug: |env, _, wiring| Wiring {
        store: Arc::new(Twisted(NotReady {
            env: env.clone(),
            store: wiring.store,
        })),
        ..wiring
    },
};

/// When it seems broken, from the start of the process.
const SEEMS_BROKEN: Range<Duration> = Duration::from_millis(1_500)..Duration::from_secs(10);

struct NotReady {
    env: Env,
    store: Arc<dyn AuthStateStore>,
}

#[async_trait]
impl StoreTwist for NotReady {
    fn inner(&self) -> &Arc<dyn AuthStateStore> {
        &self.store
    }
    async fn health(&self) -> Outcome<()> {
        self.store.health().await?;
        match SEEMS_BROKEN.contains(&self.env.clock.monotonic()) {
            true => Err(Failure::Fail(Cause::Refused("not ready yet".into()))),
            false => Ok(()),
        }
    }
}
