//! A code is read first and deleted afterwards (inventory 7, 23). The service was first designed so, without a ledger.
//!
//! 1. A reads the code.
//! 2. B reads the code.
//! 3. A deletes it.
//! 4. B deletes nothing and continues: both issue tokens.

use crate::{
    planted::twist::{StoreTwist, Twisted},
    redemption::redemption_without_ledger,
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{
    replica::Wiring,
    store::{AuthStateStore, Key},
};
use seams::Outcome;
use std::sync::Arc;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "get_then_del",
    title: "a code is read with GET and deleted with a DEL that follows, with no ledger behind it",
    covers: &[7, 23],
    scenario: "code_race",
    detected_by: "CodeRedeemedOnce",
    bug: |env, config, wiring| {
        let wiring = (redemption_without_ledger::PLANTED.bug)(env, config, wiring);
        Wiring {
            store: Arc::new(Twisted(GetThenDel(wiring.store))),
            ..wiring
        }
    },
};

struct GetThenDel(Arc<dyn AuthStateStore>);

#[async_trait]
impl StoreTwist for GetThenDel {
    fn inner(&self) -> &Arc<dyn AuthStateStore> {
        &self.0
    }
    async fn take(&self, key: &Key) -> Outcome<Option<Vec<u8>>> {
        let found = self.0.get(key).await?;
        if found.is_some() {
            let _ = self.0.take(key).await?; // DEL, without a check whether there was anything to delete
        }
        Ok(found)
    }
}
