//! Nothing but a script in the page keeps the send button from being pressed again (inventory 3).
//!
//! Seen in the world: the first report, and mail sent as often as it is asked for or as there are
//! instances (ory/kratos#652, ory/kratos#732). Anyone who has no script gets a mail for every press.

use crate::{
    planted::twist::{StoreTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{
    mailed_code::SEND_ONCE,
    replica::Wiring,
    store::{AuthStateStore, Key},
};
use seams::Outcome;
use std::{sync::Arc, time::Duration};

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "guard_in_the_browser",
    title: "the server sends a mail for every press of the button",
    covers: &[3],
    scenario: "mail_stalls",
    detected_by: "OneMailPerWindow",
    bug: |_, _, wiring| Wiring {
        store: Arc::new(Twisted(EveryPressIsTheFirst(wiring.store))),
        ..wiring
    },
};

struct EveryPressIsTheFirst(Arc<dyn AuthStateStore>);

#[async_trait]
impl StoreTwist for EveryPressIsTheFirst {
    fn inner(&self) -> &Arc<dyn AuthStateStore> {
        &self.0
    }
    async fn put_if_absent(&self, key: &Key, value: &[u8], ttl: Duration) -> Outcome<bool> {
        match key.namespace {
            SEND_ONCE => Ok(true),
            _ => self.0.put_if_absent(key, value, ttl).await,
        }
    }
}
