//! One replica judges expiry by local time, seven hours ahead of UTC (inventory 49).
//!
//! Seen in real systems: tokens issued in UTC and judged in local time are already expired when they are issued, in
//! every time zone ahead of UTC (ardanlabs/service#435, nefilim/kjwt#30). The first incident report lost time on log
//! lines that were seven hours off but had nothing to do with the outage; here local time is the cause.

use crate::{
    planted::twist::{SessionTwist, TokenTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{
    directory::Directory,
    redemption::{TokenRecord, TokenRepository},
    replica::Wiring,
    session::{Session, SessionRepository},
};
use seams::{Outcome, Timestamp};
use std::{sync::Arc, time::Duration};

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "local_time_for_utc",
    title: "one replica judges expiry by the time in its log, seven hours ahead",
    covers: &[49],
    scenario: "calm_day",
    detected_by: "NothingFails",
    bug: |_, config, wiring| match config.replica.ends_with('b') {
        true => Wiring {
            directory: Directory {
                sessions: Arc::new(Twisted(EastOfGreenwich(wiring.directory.sessions))),
                tokens: Arc::new(Twisted(EastOfGreenwich(wiring.directory.tokens))),
                ..wiring.directory
            },
            ..wiring
        },
        false => wiring,
    },
};

const AHEAD: Duration = Duration::from_secs(7 * 3600);

struct EastOfGreenwich<T>(T);

#[async_trait]
impl SessionTwist for EastOfGreenwich<Arc<dyn SessionRepository>> {
    fn inner(&self) -> &Arc<dyn SessionRepository> {
        &self.0
    }
    async fn session(&self, id_hash: &str, now: Timestamp) -> Outcome<Option<Session>> {
        self.0.session(id_hash, now + AHEAD).await
    }
}

#[async_trait]
impl TokenTwist for EastOfGreenwich<Arc<dyn TokenRepository>> {
    fn inner(&self) -> &Arc<dyn TokenRepository> {
        &self.0
    }
    async fn token(&self, token_hash: &str, now: Timestamp) -> Outcome<Option<TokenRecord>> {
        self.0.token(token_hash, now + AHEAD).await
    }
}
