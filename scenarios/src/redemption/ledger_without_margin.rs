//! The ledger forgets a code when the code ends, by the clock of whoever deletes it (inventory 7, 49).
//!
//! Seen in real systems: expiry decided by the clock of another host than the one that decides validity. The leader's clock
//! is minutes fast, so it forgets codes that the other replica still accepts, and a failover of Redis gives one back.

use crate::{
    planted::twist::{ExpiryTwist, TokenTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{
    config::Config,
    directory::Directory,
    leader::{ExpiryRepository, LeaderEpoch},
    redemption::{CodeRedemption, Redeemed, TokenRepository},
    replica::Wiring,
};
use seams::{Env, Outcome, Timestamp};
use std::{sync::Arc, time::Duration};

/// How much longer the ledger remembers by itself.
const MARGIN: Duration = Duration::from_secs(24 * 3600);

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "ledger_without_margin",
    title: "the ledger forgets a code when the leader's clock says that it has ended",
    covers: &[7],
    scenario: "ledger_outlives_clocks",
    detected_by: "CodeRedeemedOnce",
    bug: |env, config: &mut Config, wiring| Wiring {
        directory: Directory {
            expiry: Arc::new(Twisted(OwnClock(env.clone(), wiring.directory.expiry))),
            tokens: Arc::new(Twisted(Forgetful {
                tokens: wiring.directory.tokens,
                early: config.ttl.clock_slack + MARGIN,
            })),
            ..wiring.directory
        },
        ..wiring
    },
};

/// By the clock of the host that deletes, and not by that of the store.
struct OwnClock(Env, Arc<dyn ExpiryRepository>);

#[async_trait]
impl ExpiryTwist for OwnClock {
    fn inner(&self) -> &Arc<dyn ExpiryRepository> {
        &self.1
    }
    async fn sweep(&self, epoch: LeaderEpoch, _now: Timestamp) -> Outcome<u64> {
        self.1.sweep(epoch, self.0.now()).await
    }
}

struct Forgetful {
    tokens: Arc<dyn TokenRepository>,
    early: Duration,
}

#[async_trait]
impl TokenTwist for Forgetful {
    fn inner(&self) -> &Arc<dyn TokenRepository> {
        &self.tokens
    }
    async fn redeem(&self, redemption: CodeRedemption) -> Outcome<Redeemed> {
        let remember_until = redemption.remember_until.since(Timestamp(0)).saturating_sub(self.early);
        let forgotten_early = CodeRedemption {
            remember_until: Timestamp(0) + remember_until,
            ..redemption
        };
        self.tokens.redeem(forgotten_early).await
    }
}
