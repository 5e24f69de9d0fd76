//! Only Redis prevents a second redemption (inventory 7).
//!
//! GETDEL is atomic on one node. After a failover the code may be there again (measured on Redis 7.0.15: with 5 ms
//! between the nodes, 643 of 56,971 acknowledged GETDELs were lost).

use crate::{
    planted::twist::{TokenTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{
    directory::Directory,
    redemption::{CodeRedemption, Redeemed, TokenRepository},
    replica::Wiring,
};
use seams::Outcome;
use std::sync::Arc;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "redemption_without_ledger",
    title: "nothing but GETDEL keeps a code from being redeemed twice",
    covers: &[7],
    scenario: "failover_mid_redemption",
    detected_by: "CodeRedeemedOnce",
    bug: |_, _, wiring| Wiring {
        directory: Directory {
            tokens: Arc::new(Twisted(WithoutLedger(wiring.directory.tokens))),
            ..wiring.directory
        },
        ..wiring
    },
};

struct WithoutLedger(Arc<dyn TokenRepository>);

#[async_trait]
impl TokenTwist for WithoutLedger {
    fn inner(&self) -> &Arc<dyn TokenRepository> {
        &self.0
    }
    async fn redeem(&self, redemption: CodeRedemption) -> Outcome<Redeemed> {
        // Each redemption has an entry of its own, so the ledger never finds one.
        let code_hash = format!("{}:{}", redemption.code_hash, redemption.token.token_hash);
        self.0
            .redeem(CodeRedemption {
                code_hash,
                ..redemption
            })
            .await
    }
}
