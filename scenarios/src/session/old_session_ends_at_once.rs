//! The session before a new one ends when the new one is opened (inventory 55).
//!
//! Seen in real systems: the answer with the new cookie is lost, the browser has the old one still, and is logged out by a login.

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
use std::sync::Arc;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "old_session_ends_at_once",
    title: "the session before a new one ends before the new cookie has come",
    covers: &[55],
    scenario: "logs_in_again",
    detected_by: "AnswersAllowed",
    bug: |_, _, wiring| Wiring {
        directory: Directory {
            sessions: Arc::new(Twisted(ReplacesAtOnce(wiring.directory.sessions))),
            ..wiring.directory
        },
        ..wiring
    },
};

struct ReplacesAtOnce(Arc<dyn SessionRepository>);

#[async_trait]
impl SessionTwist for ReplacesAtOnce {
    fn inner(&self) -> &Arc<dyn SessionRepository> {
        &self.0
    }
    async fn open_session(&self, session: Session, code_hash: &str, until: Timestamp) -> Outcome<SessionOpening> {
        let id_hash = session.id_hash.clone();
        let opening = self.0.open_session(session, code_hash, until).await?;
        self.0.end_replaced(&id_hash, until).await?;
        Ok(opening)
    }
}
