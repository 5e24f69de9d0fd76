//! A spent authorization code is accepted for some seconds more, for clients that repeat their request (inventory 7;
//! RFC 6749 section 4.1.2 forbids it).
//!
//! Seen in real systems: FriendsOfSymfony/FOSOAuthServerBundle#143 (for the whole lifetime of the code), and as a grace
//! period for clients whose answer was lost. A thief can repeat a request as well.

use crate::{
    planted::twist::{StoreTwist, Twisted},
    redemption::redemption_without_ledger,
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{
    redemption::CODE,
    replica::Wiring,
    store::{AuthStateStore, Key},
};
use seams::Outcome;
use std::{sync::Arc, time::Duration};

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "spent_code_grace",
    title: "a spent code is honoured again for some seconds",
    covers: &[7],
    scenario: "code_race",
    detected_by: "StolenCodesUseless",
    bug: |env, config, wiring| {
        let wiring = (redemption_without_ledger::PLANTED.bug)(env, config, wiring); // a repetition is a success
        Wiring {
            store: Arc::new(Twisted(Lingers(wiring.store))),
            ..wiring
        }
    },
};

/// How long a spent code is accepted.
const GRACE: Duration = Duration::from_secs(5);

struct Lingers(Arc<dyn AuthStateStore>);

#[async_trait]
impl StoreTwist for Lingers {
    fn inner(&self) -> &Arc<dyn AuthStateStore> {
        &self.0
    }
    async fn take(&self, key: &Key) -> Outcome<Option<Vec<u8>>> {
        let taken = self.0.take(key).await?;
        if let (Some(value), CODE) = (&taken, key.namespace) {
            self.0.put(key, value, GRACE).await?;
        }
        Ok(taken)
    }
}
