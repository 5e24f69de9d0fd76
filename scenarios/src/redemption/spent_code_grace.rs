//! A spent authorization code is honoured for some seconds more, for clients that ask again
//! (inventory 7; RFC 6749 section 4.1.2 forbids it).
//!
//! Seen in the world: FriendsOfSymfony/FOSOAuthServerBundle#143 (for the whole lifetime of the code), and as a
//! grace period wherever a lost answer was to do no harm. A thief asks again as well.

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

/// How long a spent code is honoured.
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
