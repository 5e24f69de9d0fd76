//! A session from before answers for a public client on loopback without a question: any program on somebody's computer can
//! listen there and call itself that client (RFC 8252 section 8.6).
//!
//! Seen in real systems: the question is a page on the way, and who goes past it is not asked.

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
    name: "consent_for_granted",
    title: "who goes past the question whether to go on is not asked",
    covers: &[],
    scenario: "rule_breakers",
    detected_by: "AnswersAllowed",
    bug: |_, _, wiring| Wiring {
        store: Arc::new(Twisted(ForGranted(wiring.store))),
        ..wiring
    },
};

struct ForGranted(Arc<dyn AuthStateStore>);

#[async_trait]
impl StoreTwist for ForGranted {
    fn inner(&self) -> &Arc<dyn AuthStateStore> {
        &self.0
    }
    async fn put(&self, key: &Key, value: &[u8], ttl: Duration) -> Outcome<()> {
        let flow = serde_json::from_slice::<FlowRecord>(value).ok();
        let Some(mut flow) = flow.filter(|_| key.namespace == FLOW) else {
            return self.0.put(key, value, ttl).await;
        };
        flow.request.needs_consent = false;
        let value = serde_json::to_vec(&flow).expect("it was read from JSON");
        self.0.put(key, &value, ttl).await
    }
}
