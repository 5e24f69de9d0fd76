//! Every login is kept from the moment in which it begins, whoever begins it (inventory 22): the behaviour of earlier versions, whose
//! store two anonymous requests a millisecond filled.

use crate::vocabulary::PlantedBug;
use async_trait::async_trait;
use idp::{
    analytics::{Analytics, LoginEvent},
    authorize::FLOW,
    hash::sha256_hex,
    replica::Wiring,
    store::{AuthStateStore, Key},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "strangers_kept",
    title: "a login is kept from its beginning, whoever begins it",
    covers: &[22],
    scenario: "spraying",
    detected_by: "KeepsNothingForStrangers",
    bug: |_, _, wiring| Wiring {
        analytics: Arc::new(Keeping {
            inner: wiring.analytics,
            store: wiring.store.clone(),
            begun: AtomicU64::default(),
        }),
        ..wiring
    },
};

struct Keeping {
    inner: Arc<dyn Analytics>,
    store: Arc<dyn AuthStateStore>,
    begun: AtomicU64,
}

#[async_trait]
impl Analytics for Keeping {
    async fn record(&self, event: LoginEvent) {
        if event.event == "login_started" {
            let number = self.begun.fetch_add(1, Ordering::Relaxed);
            let key = Key::new(FLOW, sha256_hex(&format!("{} {number}", event.client_id)));
            let _ = self.store.put(&key, b"begun", Duration::from_secs(900)).await; // nobody needs it
        }
        self.inner.record(event).await;
    }
}
