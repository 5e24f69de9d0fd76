//! A session lives for days after its cookie (inventory 61).
//!
//! Seen in the world: shieldproject/shield#643, actionhero/keryx#78. The lifetime of sessions was given in one unit and read
//! in another. Browsers drop the cookie in time, so nobody notices; whoever has a copy of it is logged in for good.

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
    name: "session_outlives_its_cookie",
    title: "a session lives for days after its cookie",
    covers: &[61],
    scenario: "long_day",
    detected_by: "AnswersAllowed",
    bug: |_, _, wiring| Wiring {
        directory: Directory {
            sessions: Arc::new(Twisted(ForDays(wiring.directory.sessions))),
            ..wiring.directory
        },
        ..wiring
    },
};

/// By how much longer it lives.
const DAYS: Duration = Duration::from_secs(12 * 24 * 3600);

struct ForDays(Arc<dyn SessionRepository>);

#[async_trait]
impl SessionTwist for ForDays {
    fn inner(&self) -> &Arc<dyn SessionRepository> {
        &self.0
    }
    async fn open_session(&self, session: Session, code_hash: &str, until: Timestamp) -> Outcome<SessionOpening> {
        let session = Session {
            expires_at: session.expires_at + DAYS,
            ..session
        };
        self.0.open_session(session, code_hash, until).await
    }
}
