//! Each replica has its own ledger of spent codes (inventory 27).
//!
//! Seen in real systems: single use that is enforced in one process's memory (similar: ory/fosite#778,
//! kanidm/kanidm#2775). A code that comes back after a failover can be redeemed once more, at the other replica.

use crate::{
    planted::twist::{TokenTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{
    config::Config,
    directory::Directory,
    redemption::{CodeRedemption, Redeemed, TokenRepository},
    replica::Wiring,
};
use seams::Outcome;
use std::sync::Arc;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "ledger_of_this_replica",
    title: "each replica knows the codes only that it has redeemed itself",
    covers: &[7, 27],
    scenario: "failover_mid_redemption",
    detected_by: "CodeRedeemedOnce",
    bug: |_, config: &mut Config, wiring| Wiring {
        directory: Directory {
            tokens: Arc::new(Twisted(OwnLedger {
                tokens: wiring.directory.tokens,
                replica: config.replica.clone(),
            })),
            ..wiring.directory
        },
        ..wiring
    },
};

struct OwnLedger {
    tokens: Arc<dyn TokenRepository>,
    replica: String,
}

#[async_trait]
impl TokenTwist for OwnLedger {
    fn inner(&self) -> &Arc<dyn TokenRepository> {
        &self.tokens
    }
    async fn redeem(&self, redemption: CodeRedemption) -> Outcome<Redeemed> {
        let code_hash = format!("{}@{}", redemption.code_hash, self.replica);
        let own = CodeRedemption {
            code_hash,
            ..redemption
        };
        self.tokens.redeem(own).await
    }
}
