//! A login in progress does not remember whom the client asked for: a client that asks about one person gets the code of
//! another who logs in (OpenID Connect Core section 3.1.2.1, `id_token_hint`).
//!
//! Seen in real systems: the hint is looked at where a session may answer at once, and not after a login.

use crate::{
    planted::twist::{StoreTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{
    authorize::{FLOW, FlowRecord},
    replica::Wiring,
    store::{AuthStateStore, Key},
};
use seams::Outcome;
use std::{sync::Arc, time::Duration};

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "hint_forgotten",
    title: "a login in progress forgets whom the client asked for",
    covers: &[],
    scenario: "edges",
    detected_by: "AnswersAllowed",
    bug: |_, _, wiring| Wiring {
        store: Arc::new(Twisted(Forgets(wiring.store))),
        ..wiring
    },
};

struct Forgets(Arc<dyn AuthStateStore>);

#[async_trait]
impl StoreTwist for Forgets {
    fn inner(&self) -> &Arc<dyn AuthStateStore> {
        &self.0
    }
    async fn put(&self, key: &Key, value: &[u8], ttl: Duration) -> Outcome<()> {
        let flow = serde_json::from_slice::<FlowRecord>(value).ok();
        let Some(mut flow) = flow.filter(|_| key.namespace == FLOW) else {
            return self.0.put(key, value, ttl).await;
        };
        flow.request.subject = None;
        let value = serde_json::to_vec(&flow).expect("it was read from JSON");
        self.0.put(key, &value, ttl).await
    }
}
