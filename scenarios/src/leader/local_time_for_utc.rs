//! One replica judges expiry by the time that its log shows, which is that of its time zone (inventory 49).
//!
//! Seen in the world: tokens made in UTC and judged in local time, expired at birth for whoever lives east of it
//! (ardanlabs/service#435, nefilim/kjwt#30). The first report lost time over log lines that were seven hours off; here
//! they are to blame.

use crate::{
    planted::twist::{DirectoryTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{
    replica::Wiring,
    seams::{Directory, Outcome, Session, Timestamp, TokenRecord},
};
use std::{sync::Arc, time::Duration};

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "local_time_for_utc",
    title: "one replica judges expiry by the time in its log, seven hours ahead",
    covers: &[49],
    scenario: "calm_day",
    detected_by: "NothingFails",
    bug: |_, config, wiring| match config.replica.ends_with('b') {
        true => Wiring {
            directory: Arc::new(Twisted(EastOfGreenwich(wiring.directory))),
            ..wiring
        },
        false => wiring,
    },
};

const AHEAD: Duration = Duration::from_secs(7 * 3600);

struct EastOfGreenwich(Arc<dyn Directory>);

#[async_trait]
impl DirectoryTwist for EastOfGreenwich {
    fn inner(&self) -> &Arc<dyn Directory> {
        &self.0
    }
    async fn session(&self, id_hash: &str, now: Timestamp) -> Outcome<Option<Session>> {
        self.0.session(id_hash, now + AHEAD).await
    }
    async fn token(&self, token_hash: &str, now: Timestamp) -> Outcome<Option<TokenRecord>> {
        self.0.token(token_hash, now + AHEAD).await
    }
}
