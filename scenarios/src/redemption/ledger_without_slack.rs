//! The ledger remembers a spent code for as long as the code lives, and no longer (inventory 24, 49).
//!
//! Seen in real systems: the row of a spent code ends with the code. A replica whose clock is late takes the code for valid when
//! the row is gone.

use crate::{
    planted::twist::{SessionTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{
    directory::Directory,
    replica::Wiring,
    session::{Session, SessionOpening, SessionRepository},
};
use seams::{Outcome, Timestamp};
use std::{sync::Arc, time::Duration};

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "ledger_without_slack",
    title: "the ledger remembers a spent code only for as long as the code lives",
    covers: &[24, 49],
    scenario: "leader_at_work",
    detected_by: "LedgerRemembers",
    bug: |_, config, wiring| {
        let forgets = Forgets {
            inner: wiring.directory.sessions,
            slack: config.ttl.clock_slack,
        };
        Wiring {
            directory: Directory {
                sessions: Arc::new(Twisted(forgets)),
                ..wiring.directory
            },
            ..wiring
        }
    },
};

struct Forgets {
    inner: Arc<dyn SessionRepository>,
    slack: Duration,
}

#[async_trait]
impl SessionTwist for Forgets {
    fn inner(&self) -> &Arc<dyn SessionRepository> {
        &self.inner
    }
    async fn open_session(&self, session: Session, code_hash: &str, until: Timestamp) -> Outcome<SessionOpening> {
        let until = Timestamp(until.millis().saturating_sub(self.slack.as_millis() as u64));
        self.inner.open_session(session, code_hash, until).await
    }
}
