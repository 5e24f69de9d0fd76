//! A flow has only one code: a new code replaces the one before (inventory 5).
//!
//! Seen in the first incident report: six mails had come, and only the code in the last of them worked.

use crate::{
    planted::twist::{StoreTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{
    mailed_code::EMAIL_CODE,
    replica::Wiring,
    store::{AuthStateStore, Key},
};
use seams::Outcome;
use std::{sync::Arc, time::Duration};

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "latest_code_overwrites",
    title: "a new code replaces the one before",
    covers: &[5],
    scenario: "mail_stalls",
    detected_by: "AnyCodeVerifies",
    bug: |_, _, wiring| Wiring {
        store: Arc::new(Twisted(OneCodePerFlow(wiring.store))),
        ..wiring
    },
};

struct OneCodePerFlow(Arc<dyn AuthStateStore>);

/// The flow's only key, and a prefix that distinguishes its codes; `None` for keys of other kinds.
fn split(key: &Key) -> Option<(Key, String)> {
    let (flow, code) = key.id.split_once(':')?;
    let own = key.namespace == EMAIL_CODE;
    own.then(|| (Key::new(EMAIL_CODE, flow), format!("{code}\n")))
}

#[async_trait]
impl StoreTwist for OneCodePerFlow {
    fn inner(&self) -> &Arc<dyn AuthStateStore> {
        &self.0
    }
    async fn put(&self, key: &Key, value: &[u8], ttl: Duration) -> Outcome<()> {
        match split(key) {
            Some((flow, code)) => self.0.put(&flow, &[code.as_bytes(), value].concat(), ttl).await,
            None => self.0.put(key, value, ttl).await,
        }
    }
    async fn get(&self, key: &Key) -> Outcome<Option<Vec<u8>>> {
        let Some((flow, code)) = split(key) else {
            return self.0.get(key).await;
        };
        let latest = self.0.get(&flow).await?;
        Ok(latest.and_then(|value| value.strip_prefix(code.as_bytes()).map(<[u8]>::to_vec)))
    }
    async fn take(&self, key: &Key) -> Outcome<Option<Vec<u8>>> {
        let Some((flow, _)) = split(key) else {
            return self.0.take(key).await;
        };
        let latest = StoreTwist::get(self, key).await?;
        if latest.is_some() {
            let _ = self.0.take(&flow).await?;
        }
        Ok(latest)
    }
}
