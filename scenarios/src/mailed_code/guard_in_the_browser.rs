//! Only a script in the page prevents a second press of the send button (inventory 3).
//!
//! Seen in the first incident report, and in real systems that send a mail for every request or from every instance
//! (ory/kratos#652, ory/kratos#732). A browser without scripts gets a mail for every press.

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
