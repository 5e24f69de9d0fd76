//! An error of the directory is treated as the absence of a session (inventory 54, 55, 61).
//!
//! Seen in the second incident report: the database was unavailable for a moment, and everybody who was logged in was
//! logged out.

use crate::{
    planted::twist::{SessionTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{
    directory::Directory,
    replica::Wiring,
    session::{Session, SessionRepository},
};
use seams::{Outcome, Timestamp};
use std::sync::Arc;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "session_deleted_on_error",
    title: "a session that cannot be read counts as none",
    covers: &[54, 55, 61],
    scenario: "session_survives",
    detected_by: "SessionsSurvive",
    bug: |_, _, wiring| Wiring {
        directory: Directory {
            sessions: Arc::new(Twisted(ErrorIsAbsence(wiring.directory.sessions))),
            ..wiring.directory
        },
        ..wiring
    },
};

struct ErrorIsAbsence(Arc<dyn SessionRepository>);

#[async_trait]
impl SessionTwist for ErrorIsAbsence {
    fn inner(&self) -> &Arc<dyn SessionRepository> {
        &self.0
    }
    async fn session(&self, id_hash: &str, now: Timestamp) -> Outcome<Option<Session>> {
        Ok(self.0.session(id_hash, now).await.unwrap_or(None))
    }
}
