//! A lost connection is told as a deadline that is over (inventory 56).
//!
//! Seen in real systems: one branch for "no answer", with one text; a connection that Redis had closed at once was reported as
//! "timed out", and the timeouts were raised.

use crate::{
    planted::twist::{StoreTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{
    replica::Wiring,
    store::{AuthStateStore, Key},
};
use seams::{Cause, Failure, Outcome};
use std::sync::Arc;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "deadline_of_nobody",
    title: "a read whose connection is lost is told to have taken too long",
    covers: &[56],
    scenario: "connections_close",
    detected_by: "FailuresLogged",
    bug: |_, _, wiring| Wiring {
        store: Arc::new(Twisted(OneCause(wiring.store))),
        ..wiring
    },
};

struct OneCause(Arc<dyn AuthStateStore>);

#[async_trait]
impl StoreTwist for OneCause {
    fn inner(&self) -> &Arc<dyn AuthStateStore> {
        &self.0
    }
    async fn get(&self, key: &Key) -> Outcome<Option<Vec<u8>>> {
        let late = Cause::Deadline {
            what: "the store",
            limit_ms: 800,
        };
        self.0.get(key).await.map_err(|failure| match failure {
            Failure::Unknown(Cause::ConnectionLost(_)) => Failure::Unknown(late),
            failure => failure,
        })
    }
}
