//! Signing out deletes the cookie, and the session lives on: whoever has a copy of the cookie is signed in (inventory 8).
//!
//! Seen in real systems: a logout that only tells the browser to forget, because sessions are tokens that nobody keeps.

use crate::{
    planted::twist::{SessionTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{directory::Directory, replica::Wiring, session::SessionRepository};
use seams::{Outcome, Timestamp};
use std::sync::Arc;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "session_not_ended",
    title: "signing out deletes the cookie, and not the session",
    covers: &[8],
    scenario: "edges",
    detected_by: "AnswersAllowed",
    bug: |_, _, wiring| Wiring {
        directory: Directory {
            sessions: Arc::new(Twisted(NotEnded(wiring.directory.sessions))),
            ..wiring.directory
        },
        ..wiring
    },
};

struct NotEnded(Arc<dyn SessionRepository>);

#[async_trait]
impl SessionTwist for NotEnded {
    fn inner(&self) -> &Arc<dyn SessionRepository> {
        &self.0
    }
    async fn end_session(&self, _: &str, _: Timestamp) -> Outcome<Vec<String>> {
        Ok(vec![])
    }
}
