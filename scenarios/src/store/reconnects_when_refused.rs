//! A replica takes every refusal of Redis for the end of its connection, and makes a new one (inventory 26, 37).
//!
//! Seen in the service itself, on a real Redis without memory: a transaction of which a command is refused ends with `EXECABORT`,
//! which was taken for a sign of another master.

use crate::{
    planted::twist::{StoreTwist, Twisted},
    vocabulary::PlantedBug,
    world::hosts::{REDIS_1, REDIS_PORT},
};
use async_trait::async_trait;
use idp::{
    replica::Wiring,
    store::{AuthStateStore, Key},
};
use seams::{Cause, Env, Failure, Outcome};
use std::{sync::Arc, time::Duration};

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "reconnects_when_refused",
    title: "every command that Redis refuses costs a connection",
    covers: &[26, 37],
    scenario: "redis_refuses",
    detected_by: "RefusalsCostNothing",
    bug: |env, _, wiring| Wiring {
        store: Arc::new(Twisted(Reconnects {
            env: env.clone(),
            store: wiring.store,
        })),
        ..wiring
    },
};

struct Reconnects {
    env: Env,
    store: Arc<dyn AuthStateStore>,
}

#[async_trait]
impl StoreTwist for Reconnects {
    fn inner(&self) -> &Arc<dyn AuthStateStore> {
        &self.store
    }
    async fn count(&self, key: &Key, window: Duration) -> Outcome<u64> {
        let counted = self.store.count(key, window).await;
        if let Err(Failure::Fail(Cause::Refused(_) | Cause::WritesRefused(_))) = &counted {
            drop(self.env.network.connect(REDIS_1, REDIS_PORT).await);
        }
        counted
    }
}
